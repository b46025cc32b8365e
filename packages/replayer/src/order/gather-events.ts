import { getU53, isValid } from '@p2mtrace/trace-format';
import type { Chain, ChainEvent } from './chain-event.js';
import { MAX_EVENTS } from './find-order.js';
import type { RowReader, TimedBatch } from './row-reader.js';

/** Records before and after an event that are searched for its window and for windows that overlap it. */
const REACH = 1 << 16;

/**
 * The events of a frame that may have happened in another order than this event, or than one that may: all whose
 * windows overlap, in recorded order. undefined if the event has no window.
 */
export function gatherEvents(
  rows: RowReader,
  seq: number,
  mfn: number,
  chain: Chain,
  slack: number,
): ChainEvent[] | undefined {
  const { batch, row } = rows.at(seq);
  const own = eventAt(batch, row);
  if (own === undefined) return undefined;
  const ahead = gatherAhead(rows, own, mfn, chain, slack);
  return gatherBack(rows, [own, ...ahead], mfn, chain, slack);
}

/** Events after it in the trace. `since` is NaN if the pcpu's previous record is before the event. */
function gatherAhead(rows: RowReader, own: ChainEvent, mfn: number, chain: Chain, slack: number): ChainEvent[] {
  const events: ChainEvent[] = [];
  /** Of the frame, but not known to overlap: a later event may overlap them all. */
  let waiting: ChainEvent[] = [];
  let latest = own.tsc;
  /** By pcpu: TSC of its last record so far. */
  const last = new Map<number, number>([[own.pcpu, own.tsc]]);
  const end = Math.min(rows.end, own.seq + REACH);
  for (let seq = own.seq + 1; seq < end; ) {
    const { batch, row: from } = rows.at(seq);
    for (let row = from; row < batch.rows && seq < end; row++, seq++) {
      const event = eventAt(batch, row, chain, mfn);
      if (!hasWindow(batch, row)) continue;
      const pcpu = batch.columns.pcpu[row];
      if (event !== undefined) {
        event.since = last.get(pcpu) ?? Number.NaN;
        waiting.push(event);
        if (!(event.since >= latest + slack)) {
          events.push(...waiting);
          waiting = [];
          latest = event.tsc;
          if (events.length > MAX_EVENTS) return events;
        }
      }
      last.set(pcpu, getU53(batch.columns.tsc, row));
      const isTurn = (seq & 63) === 0 && last.size >= rows.pcpus;
      if (isTurn && [...last.values()].every(tsc => tsc >= latest + slack)) return events;
    }
  }
  return events;
}

/** Adds events before it, and the beginnings of all windows. */
function gatherBack(rows: RowReader, later: ChainEvent[], mfn: number, chain: Chain, slack: number): ChainEvent[] {
  const events = [...later];
  const [own] = later;
  own.since = Number.NaN;
  let open = events.filter(({ since }) => Number.isNaN(since));
  const start = Math.max(rows.start, own.seq - REACH);
  let tsc = Number.NEGATIVE_INFINITY;
  for (let seq = own.seq - 1; seq >= start; ) {
    const { batch, row: from } = rows.at(seq);
    for (let row = from; row >= 0 && seq >= start; row--, seq--) {
      if (!hasWindow(batch, row)) continue;
      tsc = getU53(batch.columns.tsc, row);
      const pcpu = batch.columns.pcpu[row];
      for (const event of open) if (event.pcpu === pcpu) event.since = tsc;
      open = open.filter(({ since }) => Number.isNaN(since));
      const event = eventAt(batch, row, chain, mfn);
      if (event !== undefined && events.some(({ since }) => !(since >= event.tsc + slack))) {
        events.unshift(event);
        open.push(event);
        if (events.length > MAX_EVENTS) return events;
      }
      if (open.length === 0 && events.every(({ since }) => since >= tsc + slack)) return events;
    }
  }
  // Before the trace, anything may have happened; what is beyond the search is bounded by its last TSC.
  for (const event of open) event.since = start === rows.start ? Number.NEGATIVE_INFINITY : tsc;
  return events;
}

const hasWindow = ({ validity }: TimedBatch, row: number): boolean =>
  isValid(validity.pcpu, row) && isValid(validity.tsc, row);

function eventAt(batch: TimedBatch, row: number, chain?: Chain, mfn = 0): ChainEvent | undefined {
  if (!hasWindow(batch, row) || (chain !== undefined && !chain.has(batch, row, mfn))) return undefined;
  const { pcpu, tsc } = batch.columns;
  return {
    seq: batch.firstSeq + row,
    pcpu: pcpu[row],
    tsc: getU53(tsc, row),
    since: Number.NaN,
    batch,
    row,
  };
}
