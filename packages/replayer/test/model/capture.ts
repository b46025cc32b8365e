import { KINDS, type KindName, P2M_TYPES } from '@p2mtrace/trace-format';
import { NONE, RECORDS, type WireRecord } from './capture-records.js';
import { snapshotOf, type TraceEvent } from './event.js';

/** Events as xentrace has them, for those kinds that have a record. */

const recordOf = (event: TraceEvent) =>
  RECORDS[event.kind === 'snapshot' ? `snapshot_${snapshotOf(event)}` : event.kind];

export const RECORDED_KINDS = KINDS.map(({ name }) => name as KindName).filter(
  kind => kind === 'snapshot' || kind in RECORDS,
);

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
  const record = recordOf(event);
  if (record === undefined) return undefined;
  const values = record[1].split(' ').map(field => {
    const [name, flags = ''] = field.split(':');
    return [
      name,
      name === 'flags' ? event.flags?.filter(flag => flags.split(',').includes(flag)) : recordedValue(event, name),
    ];
  });
  const present = [['pcpu', event.pcpu], ...values].flatMap(([name, value]) => {
    const known = value ?? DEFAULTS[name as keyof typeof DEFAULTS];
    return known === undefined ? [] : [[name, known]];
  });
  const decoded = { kind: event.kind, ...Object.fromEntries(present) } as TraceEvent;
  return recordOf(decoded) === record && isWritable(decoded) ? decoded : undefined;
}

/** All ones is no frame, and SHARED_M2P_ENTRY stands where the gfn would. */
function recordedValue(event: TraceEvent, name: string): unknown {
  if (event.kind === 'm2p_set' && event.flags?.includes('shared') && name === 'gfn') return undefined;
  const value = event[name as keyof TraceEvent];
  return FRAMES.includes(name) && value === NONE ? undefined : value;
}

const FRAMES = ['gfn', 'mfn', 'new_gfn'];

function isWritable(event: TraceEvent): boolean {
  const needs = KINDS.find(({ name }) => name === event.kind)?.needs ?? [];
  return (
    needs.every(name => name in event) &&
    [event.p2m_type, event.old_type].every(type => P2M_TYPES.indexOf((type ?? 'ram_rw') as never) < 16) &&
    // The record names both types.
    (event.kind !== 'type_change_range' || event.old_type !== undefined) &&
    event.mode !== 'external' &&
    (event.kind !== 'page_use' || event.flags?.length === 1) &&
    !event.flags?.includes('attempt') &&
    (event.order ?? 0) <= 52 &&
    // Of what was asked for, the record has the upper half.
    (event.requested ?? 0n) % 2n ** 32n === 0n
  );
}

/** TSC of an event's record. */
export const tscOf = (seq: number) => 1000 + seq;

/** A capture of these events, in their order: one window after the other, TSCs that rise. */
export function captureOf(events: readonly TraceEvent[]): Uint8Array {
  const words = events.flatMap((event, seq) => {
    const [id, , payload] = recordOf(event) as WireRecord;
    const data = payload(event);
    const state = event.kind === 'sched_switch' ? Number(event.runstate ?? 0n) : 0;
    const header = 0x8000_0000 | (data.length << 28) | id | ((state >> 4) << 8) | ((state & 3) << 4);
    const record = [header, tscOf(seq), 0, ...data];
    return [0x2001_f003, event.pcpu ?? 0, record.length * 4, ...record];
  });
  return new Uint8Array(Uint32Array.from(words, word => word >>> 0).buffer);
}
