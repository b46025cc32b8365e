import { ACCESS_TYPES, KINDS, type KindName, LOCK_MODES, P2M_TYPES } from '@p2mtrace/trace-format';
import type { TraceEvent } from './event.js';

/** Events as an instrumented hypervisor records them (model §2.1), for those kinds that have a record. */

const NONE = (1n << 64n) - 1n;
const u64 = (value: bigint | undefined): number[] => {
  const word = value ?? NONE;
  return [Number(word & 0xffff_ffffn), Number(word >> 32n)];
};
const low = (value: bigint | undefined) => Number((value ?? 0n) & 0xffff_ffffn);
const bit = (event: TraceEvent, flag: string) => (event.flags?.includes(flag as never) ? 1 : 0);
const owner = (event: TraceEvent) => event.owner ?? 0x7fff;

/** domid | view << 16; the view's class is in its bits from 10 on (docs/format.md). */
function domain({ domid = 0, view = 'host' }: TraceEvent): number {
  const [kind, index = '0'] = view.split(':');
  return domid | (((['host', 'nested', 'altp2m'].indexOf(kind) << 10) | Number(index)) << 16);
}

const lookup = (e: TraceEvent) => [
  ...u64(e.gfn),
  ...u64(e.mfn),
  domain(e),
  P2M_TYPES.indexOf(e.p2m_type as never) | ((e.order ?? 0) << 8) | (bit(e, 'locked') << 31),
];
const entry = (e: TraceEvent) => [
  ...u64(e.gfn),
  ...u64(e.mfn),
  domain(e),
  P2M_TYPES.indexOf(e.p2m_type as never) |
    ((e.order ?? 0) << 8) |
    (ACCESS_TYPES.indexOf(e.access as never) << 16) |
    (bit(e, 'failed') << 31),
];
const get = (ok: number) => (e: TraceEvent) => [
  ...u64(e.mfn),
  owner(e),
  (ok << 31) | bit(e, 'light'),
  ...u64(e.count_info),
];
const put = (e: TraceEvent) => [...u64(e.mfn), owner(e), 0, ...u64(e.count_info)];
const lock = (e: TraceEvent) => [
  ...u64(e.lock),
  e.level ?? 0,
  LOCK_MODES.indexOf(e.mode as never) | (bit(e, 'recursive') << 8) | ((e.depth ?? 0) << 16),
  ...u64(e.caller),
];
const pages = (e: TraceEvent) => [...u64(e.mfn), e.order ?? 0, owner(e)];
const sharing = (op: number) => (e: TraceEvent) => [...u64(e.mfn), ...u64(e.gfn), e.domid ?? 0, op, low(e.rmap_count)];
const grant = (op: number) => (e: TraceEvent) => [
  ...u64(e.mfn),
  (e.domid ?? 0) | ((e.owner ?? 0) << 16),
  low(e.ref),
  low(e.handle),
  op,
];
const podCache = (op: number) => (e: TraceEvent) => [
  ...u64(e.mfn),
  e.domid ?? 0,
  (e.order ?? 0) | (op << 8),
  low(e.count),
  low(e.entry_count),
];
const view = (op: number) => (e: TraceEvent) => [...u64(e.gfn), ...u64(e.new_gfn), domain(e), op];
const pod = (e: TraceEvent) => [...u64(e.gfn), ...u64(e.mfn), e.domid ?? 0, e.order ?? 0];
const extension = (minor: number) => 0x0010_f800 | minor;

type WireRecord = readonly [id: number, fields: string, words: (event: TraceEvent) => number[]];

/** Id of a kind's record, the fields that it has, and its payload. */
const RECORDS: Partial<Record<KindName, WireRecord>> = {
  lookup: [extension(0x01), 'domid view gfn mfn order p2m_type flags', lookup],
  set_entry: [extension(0x02), 'domid view gfn mfn order p2m_type access flags', entry],
  get_page: [extension(0x03), 'mfn owner count_info', get(1)],
  get_page_failed: [extension(0x03), 'mfn owner count_info', get(0)],
  put_page: [extension(0x04), 'mfn owner count_info', put],
  get_type: [
    extension(0x05),
    'mfn type_info rc requested',
    e => [...u64(e.mfn), ...u64(e.type_info), e.rc ?? 0, Number((e.requested ?? 0n) >> 32n)],
  ],
  put_type: [extension(0x06), 'mfn type_info', e => [...u64(e.mfn), ...u64(e.type_info)]],
  lock_acquire: [extension(0x07), 'lock level mode flags depth caller lock_class', lock],
  lock_release: [extension(0x08), 'lock level mode flags depth caller lock_class', lock],
  page_alloc: [extension(0x09), 'mfn order owner', pages],
  page_free: [extension(0x0a), 'mfn order owner', pages],
  put_gfn: [extension(0x0b), 'gfn domid view', e => [...u64(e.gfn), domain(e), 0]],
  m2p_set: [extension(0x0c), 'mfn gfn flags', e => [...u64(e.mfn), ...u64(bit(e, 'shared') ? NONE - 1n : e.gfn)]],
  owner_set: [
    extension(0x0d),
    'mfn old_owner owner count_info',
    e => [...u64(e.mfn), low(e.old_owner ?? 0x7fffn), owner(e), ...u64(e.count_info)],
  ],
  share_nominate: [extension(0x0f), 'mfn gfn domid rmap_count', sharing(0)],
  share_pages: [extension(0x0f), 'mfn gfn domid rmap_count', sharing(1)],
  unshare: [extension(0x0f), 'mfn gfn domid rmap_count', sharing(2)],
  rmap_add: [extension(0x0f), 'mfn gfn domid rmap_count', sharing(3)],
  rmap_del: [extension(0x0f), 'mfn gfn domid rmap_count', sharing(4)],
  grant_map: [extension(0x10), 'mfn domid owner ref handle', grant(0)],
  grant_unmap: [extension(0x10), 'mfn domid owner ref handle', grant(1)],
  grant_transfer: [extension(0x10), 'mfn domid owner ref handle', grant(2)],
  tlb_flush: [extension(0x11), 'domid view', e => [domain(e), 0]],
  tlb_flush_deferred: [extension(0x11), 'domid view', e => [domain(e), 1]],
  pod_cache_add: [extension(0x12), 'mfn domid order count entry_count', podCache(0)],
  pod_cache_get: [extension(0x12), 'mfn domid order count entry_count', podCache(1)],
  view_create: [extension(0x13), 'domid view', view(0)],
  view_destroy: [extension(0x13), 'domid view', view(1)],
  view_reset: [extension(0x13), 'domid view', view(2)],
  remap: [extension(0x13), 'domid view gfn new_gfn', view(3)],
  view_switch: [extension(0x13), 'domid view', view(4)],
  alloc_ref_drop: [extension(0x17), 'mfn owner count_info', put],
  // Stock records with the payloads of Xen 4.18 and later (X§1.5), RUNSTATE_CHANGE and DOM_ADD (X§1.7).
  pod_populate: [0x0010_f010, 'gfn mfn domid order', pod],
  pod_zero_reclaim: [0x0010_f011, 'gfn mfn domid order', pod],
  pod_splinter: [0x0010_f012, 'gfn domid order', e => [...u64(e.gfn), e.domid ?? 0, e.order ?? 0]],
  decrease_reservation: [0x0010_f005, 'gfn domid order', e => [...u64(e.gfn), e.domid ?? 0, e.order ?? 0]],
  domain_create: [0x0004_1001, 'domid', e => [e.domid ?? 0]],
  sched_switch: [0x0002_1001, 'domid vcpu runstate', e => [low(e.vcpu) | ((e.domid ?? 0) << 16)]],
};

export const RECORDED_KINDS = Object.keys(RECORDS) as KindName[];

/** What a record of the kind has and the event lacks: records have no optional words. */
const DEFAULTS = {
  pcpu: 0,
  order: 0,
  access: 'rwx',
  p2m_type: 'ram_rw',
  count_info: 1n,
  type_info: 1n,
  rc: 0,
  requested: 0n,
  level: 0,
  depth: 1,
  caller: 0x10n,
  mode: 'mutex',
  domid: 1,
  ref: 1n,
  handle: 1n,
  count: 1n,
  entry_count: 1n,
  rmap_count: 1n,
  runstate: 0n,
  view: 'host',
  flags: [],
} as const;

/** The event that the record of this one decodes to; undefined where no record could say it. */
export function recorded(event: TraceEvent): TraceEvent | undefined {
  const fields = RECORDS[event.kind]?.[1].split(' ') ?? [];
  const full: Record<string, unknown> = { kind: event.kind };
  for (const name of ['pcpu', ...fields]) {
    const value = event[name as keyof TraceEvent] ?? DEFAULTS[name as keyof typeof DEFAULTS];
    // All ones is no frame.
    if (value !== undefined && !(FRAMES.includes(name) && value === NONE)) full[name] = value;
  }
  return isWritable(full as unknown as TraceEvent) ? (full as unknown as TraceEvent) : undefined;
}

const FRAMES = ['gfn', 'mfn', 'new_gfn'];

function isWritable(event: TraceEvent): boolean {
  const needs = KINDS.find(({ name }) => name === event.kind)?.needs ?? [];
  return (
    needs.every(name => name in event) &&
    P2M_TYPES.indexOf((event.p2m_type ?? 'ram_rw') as never) < 16 &&
    event.mode !== 'external' &&
    !event.flags?.includes('attempt') &&
    (event.order ?? 0) <= 52 &&
    // Of what was asked for, the record has the upper half.
    (event.requested ?? 0n) % 2n ** 32n === 0n
  );
}

/** A capture of these events, in their order: one window after the other, TSCs that rise. */
export function captureOf(events: readonly TraceEvent[]): Uint8Array {
  const words = events.flatMap((event, seq) => {
    const [id, , payload] = RECORDS[event.kind] as WireRecord;
    const data = payload(event);
    const state = event.kind === 'sched_switch' ? Number(event.runstate ?? 0n) : 0;
    const header = 0x8000_0000 | (data.length << 28) | id | ((state >> 4) << 8) | ((state & 3) << 4);
    const record = [header, 1000 + seq, 0, ...data];
    return [0x2001_f003, event.pcpu ?? 0, record.length * 4, ...record];
  });
  return new Uint8Array(Uint32Array.from(words, word => word >>> 0).buffer);
}
