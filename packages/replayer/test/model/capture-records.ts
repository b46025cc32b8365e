import { ACCESS_TYPES, LOCK_MODES, P2M_TYPES } from '@p2mtrace/trace-format';
import type { TraceEvent } from './event.js';

/** The records that an instrumented hypervisor writes of events (docs/format.md#the-extension), and stock Xen's. */

/** What stands where a record has no frame. */
export const NONE = (1n << 64n) - 1n;
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
const use = (e: TraceEvent) => [
  ...u64(e.mfn),
  e.domid ?? 0,
  ['map', 'unmap', 'read', 'write'].findIndex(op => bit(e, op) === 1),
  ...u64(e.caller),
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
  op | (bit(e, 'device_map') << 8) | (bit(e, 'host_map') << 9) | (bit(e, 'readonly') << 10),
];
const podCache = (op: number) => (e: TraceEvent) => [
  ...u64(e.mfn),
  e.domid ?? 0,
  (e.order ?? 0) | (op << 8),
  low(e.count),
  low(e.entry_count),
];
const view = (op: number) => (e: TraceEvent) => [...u64(e.gfn), ...u64(e.new_gfn), domain(e), op];
const paging = (op: number) => (e: TraceEvent) => [...u64(e.gfn), ...u64(e.mfn), e.domid ?? 0, op, e.rc ?? 0];
const table = (op: number) => (e: TraceEvent) => [...u64(e.mfn), domain(e), op];
const pod = (e: TraceEvent) => [...u64(e.gfn), ...u64(e.mfn), e.domid ?? 0, e.order ?? 0];
const extension = (minor: number) => 0x0010_f800 | minor;

export type WireRecord = readonly [id: number, fields: string, words: (event: TraceEvent) => number[]];

const LOCK = 'lock level mode flags:recursive depth caller lock_class';
const GRANT = 'mfn domid owner ref handle flags:device_map,host_map,readonly';

/**
 * Id of a record, the fields that it has, which flags among them, and its payload; by kind, or by what a snapshot is
 * about.
 */
export const RECORDS: Readonly<Record<string, WireRecord | undefined>> = {
  lookup: [extension(0x01), 'domid view gfn mfn order p2m_type flags:locked', lookup],
  set_entry: [extension(0x02), 'domid view gfn mfn order p2m_type access flags:failed', entry],
  get_page: [extension(0x03), 'mfn owner count_info', get(1)],
  get_page_failed: [extension(0x03), 'mfn owner count_info', get(0)],
  put_page: [extension(0x04), 'mfn owner count_info', put],
  get_type: [
    extension(0x05),
    'mfn type_info rc requested',
    e => [...u64(e.mfn), ...u64(e.type_info), e.rc ?? 0, Number((e.requested ?? 0n) >> 32n)],
  ],
  put_type: [extension(0x06), 'mfn type_info', e => [...u64(e.mfn), ...u64(e.type_info)]],
  lock_acquire: [extension(0x07), LOCK, lock],
  lock_release: [extension(0x08), LOCK, lock],
  lock_wait: [extension(0x14), LOCK, lock],
  page_use: [extension(0x0e), 'mfn domid flags:map,unmap,read,write caller', use],
  snapshot_page: [
    extension(0x15),
    'mfn count_info type_info owner',
    e => [...u64(e.mfn), ...u64(e.count_info), ...u64(e.type_info), owner(e)],
  ],
  snapshot_entry: [extension(0x16), 'domid view gfn mfn order p2m_type access flags:failed', entry],
  page_alloc: [extension(0x09), 'mfn order owner', pages],
  page_free: [extension(0x0a), 'mfn order owner', pages],
  put_gfn: [extension(0x0b), 'gfn domid view', e => [...u64(e.gfn), domain(e), 0]],
  m2p_set: [
    extension(0x0c),
    'mfn gfn flags:shared',
    e => [...u64(e.mfn), ...u64(bit(e, 'shared') ? NONE - 1n : e.gfn)],
  ],
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
  grant_map: [extension(0x10), GRANT, grant(0)],
  grant_unmap: [extension(0x10), GRANT, grant(1)],
  grant_transfer: [extension(0x10), GRANT, grant(2)],
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
  domain_dying: [extension(0x18), 'domid', e => [e.domid ?? 0]],
  page_nominate: [extension(0x19), 'gfn mfn domid rc', paging(0)],
  page_evict: [extension(0x19), 'gfn mfn domid rc', paging(1)],
  page_populate: [extension(0x19), 'gfn mfn domid rc', paging(2)],
  page_prep: [extension(0x19), 'gfn mfn domid rc', paging(3)],
  page_resume: [extension(0x19), 'gfn mfn domid rc', paging(4)],
  type_change_range: [
    extension(0x1a),
    'gfn end domid view old_type p2m_type',
    e => [
      ...u64(e.gfn),
      ...u64(e.end),
      domain(e),
      P2M_TYPES.indexOf(e.old_type as never) | (P2M_TYPES.indexOf(e.p2m_type as never) << 8),
    ],
  ],
  p2m_table_alloc: [extension(0x1b), 'mfn domid view', table(0)],
  p2m_table_free: [extension(0x1b), 'mfn domid view', table(1)],
  // Stock records with the payloads of Xen 4.18 and later (docs/xen.md#mem-records), RUNSTATE_CHANGE, DOM_ADD
  // (docs/xen.md#who-runs-where), LOST_RECORDS.
  pod_populate: [0x0010_f010, 'gfn mfn domid order', pod],
  pod_zero_reclaim: [0x0010_f011, 'gfn mfn domid order', pod],
  pod_splinter: [0x0010_f012, 'gfn domid order', e => [...u64(e.gfn), e.domid ?? 0, e.order ?? 0]],
  decrease_reservation: [0x0010_f005, 'gfn domid order', e => [...u64(e.gfn), e.domid ?? 0, e.order ?? 0]],
  domain_create: [0x0004_1001, 'domid', e => [e.domid ?? 0]],
  lost: [0x0001_f001, 'count first_tsc', e => [low(e.count), 0x7fff, ...u64(e.first_tsc)]],
  sched_switch: [0x0002_1001, 'domid vcpu runstate', e => [low(e.vcpu) | ((e.domid ?? 0) << 16)]],
};
