import type { EventLine } from '../../src/generate/event-line.js';
import { type WorkloadOptions, workload } from '../../src/generate/workload.js';

/** An event of a workload, with its TSC as recorded. */
export interface Event extends EventLine {
  readonly kind: string;
  readonly pcpu: number;
  readonly tsc: number;
  /** When it happened, in ticks of a clock that is right. */
  readonly happened: number;
}

/** The events of a workload, as recorded. */
export function recorded(options: WorkloadOptions): Event[] {
  const times: number[] = [];
  const events = [...workload(options, [], (_, happened) => times.push(happened))];
  return events.map((event, i) => ({ ...event, happened: times[i] }) as Event);
}

/** The same in the order in which they happened; a write happened before the flush that it put off was noted. */
export function inTrueOrder(events: readonly Event[]): Event[] {
  const last = new Map<number, Event>();
  return events
    .map(event => {
      const before = last.get(event.pcpu);
      last.set(event.pcpu, event);
      const isNoted = event.kind === 'set_entry' && before?.kind === 'tlb_flush_deferred';
      return { event, at: isNoted ? before.happened : event.happened };
    })
    .sort((a, b) => a.at - b.at)
    .map(({ event }) => event);
}

const COUNTED: Readonly<Record<string, bigint>> = { get_page: 1n, put_page: -1n, alloc_ref_drop: -1n };
const COUNT = (1n << 57n) - 1n;

/** Counts of pages with an owner that do not follow from the one before. */
export function wrongCounts(events: readonly Event[]): number {
  const counts = new Map<unknown, bigint>();
  let wrong = 0;
  for (const { kind, mfn, owner, count_info: info } of events) {
    const by = COUNTED[kind];
    if (kind === 'page_free') counts.delete(mfn);
    if (owner === undefined || typeof info !== 'string') continue;
    const count = BigInt(info) & COUNT;
    const before = counts.get(mfn);
    if (by !== undefined && before !== undefined && before + by !== count) wrong++;
    counts.set(mfn, count);
  }
  return wrong;
}

/** Lookups that do not give what was last written; any name of a hole is right. */
export function wrongLookups(events: readonly Event[]): number {
  const entries = new Map<string, string>();
  let wrong = 0;
  for (const event of events) {
    const { kind, domid, gfn, mfn, p2m_type: type, flags } = event;
    const says = mfn === undefined && type === 'mmio_dm' ? 'invalid' : `${type} ${mfn ?? ''}`.trim();
    const key = `${domid} ${gfn}`;
    if (kind === 'set_entry' && flags === undefined) entries.set(key, says);
    if (kind === 'lookup' && says !== (entries.get(key) ?? 'invalid')) wrong++;
  }
  return wrong;
}
