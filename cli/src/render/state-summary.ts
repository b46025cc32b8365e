import {
  type DivergenceRow,
  divergenceRows,
  type LockRow,
  lockRows,
  lossRows,
  mechanismCounts,
  p2mSummaries,
  pageSummary,
  type StateFilter,
  type XenState,
} from '@p2mtrace/replayer';
import { hex, type TraceReader } from '@p2mtrace/trace-format';
import { count, counted } from './cell.js';
import { limited } from './rows.js';

/** Divergences shown in a summary. */
const SHOWN = 5;

/** The state in numbers, for JSON. */
export function summaryJson(replayer: XenState, reader: TraceReader, filter: StateFilter) {
  return {
    events: replayer.seq - (reader.batches[0]?.firstSeq ?? 0),
    p2ms: p2mSummaries(replayer, reader.names, filter),
    pages: pageSummary(replayer),
    locks_held: [...lockRows(replayer, reader)],
    also_known: mechanismCounts(replayer, reader.names, filter),
    layout: layoutJson(replayer),
    divergences: replayer.health.divergences.openRows,
    first_divergences: firstDivergences(replayer, reader).map(row => ({
      ...row,
      gfn: row.gfn === null ? null : hex(row.gfn),
      mfn: row.mfn === null ? null : hex(row.mfn),
      expected: valueText(row, row.expected),
      seen: valueText(row, row.seen),
    })),
    reordered: replayer.reordered,
    mismatches_while_lost: replayer.suppressed,
    losses: [...lossRows(replayer)],
    out_of_range: replayer.outOfRange,
  };
}

/** The same as text. */
export function* summaryText(replayer: XenState, reader: TraceReader, filter: StateFilter): Generator<string> {
  const summary = summaryJson(replayer, reader, filter);
  const { p2ms, pages, losses } = summary;
  yield `events       ${count(summary.events)} of ${count(reader.rows)} replayed`;
  if (p2ms.length === 0) yield 'p2m          nothing is known of any';
  for (const { domid, view, frames, by_type: types, holes } of p2ms) {
    const empty = Object.keys(holes).length === 0 ? '' : `; holes: ${typesText(holes)}`;
    yield `${`d${domid} ${view}`.padEnd(12)} ${counted(frames, 'frame')}: ${typesText(types) || 'none'}${empty}`;
  }
  yield `pages        ${count(pages.known)} known: ${count(pages.allocated)} allocated, ${count(pages.free)} free, ` +
    `${count(pages.counted)} in use with a known count`;
  yield `locks held   ${count(summary.locks_held.length)}`;
  for (const held of limited(summary.locks_held, SHOWN)) yield `  ${lockText(held)}`;
  const also = Object.entries(summary.also_known).map(([what, number]) => `${what} ${count(number)}`);
  if (also.length > 0) yield `also known   ${also.join(', ')}`;
  const doubt = layoutText(replayer);
  if (doubt !== undefined) yield `layout       ${doubt}`;
  yield `divergences  ${count(summary.divergences)}`;
  for (const row of firstDivergences(replayer, reader)) yield `  ${divergenceText(row)}`;
  if (summary.divergences > SHOWN) yield `  and ${count(summary.divergences - SHOWN)} more (sql: from divergences)`;
  if (summary.reordered > 0) {
    yield `             ${counted(summary.reordered, 'event')} happened in another order than recorded, within their windows`;
  }
  yield `losses       ${losses.length === 0 ? 'none' : losses.map(lossText).join('; ')}`;
  if (summary.mismatches_while_lost > 0) {
    yield `             ${counted(summary.mismatches_while_lost, 'mismatch')} prove nothing: events were being lost, or are not in this piece`;
  }
  yield `out of range ${counted(summary.out_of_range, 'event')}`;
}

/** The page_info layout, how many counts contradict it, and which layouts would explain all of those. */
function layoutJson({ layoutDoubt: { layout, counts }, layoutDoubt }: XenState) {
  return { name: layout, contradicted: counts, fitting: counts === 0 ? [layout] : layoutDoubt.fitting() };
}

/** undefined if nothing contradicts the layout. */
function layoutText(replayer: XenState): string | undefined {
  const { name, contradicted, fitting } = layoutJson(replayer);
  if (contradicted === 0) return undefined;
  const others = fitting.length === 0 ? 'no known layout fits' : `${fitting.join(', ')} would fit`;
  return `${name} is not this hypervisor's: ${counted(contradicted, 'count')} contradict it, ${others} (import it with --layout or --xen-version)`;
}

function firstDivergences(replayer: XenState, reader: TraceReader): DivergenceRow[] {
  return [...limited(divergenceRows(replayer, reader.names), SHOWN)];
}

function typesText(types: Readonly<Record<string, number>>): string {
  return Object.entries(types)
    .map(([type, number]) => `${type} ${count(number)}`)
    .join(', ');
}

function lockText({ pcpu, lock, class: name, mode, since_seq, caller, symbol }: LockRow): string {
  const site = symbol ?? caller;
  return `pcpu ${pcpu}: ${name ?? 'lock'} ${lock} (${mode}) since #${since_seq}${site === null ? '' : ` by ${site}`}`;
}

function lossText({ seq, pcpu, count: number }: { seq: number; pcpu: number | null; count: number }): string {
  return `${counted(number, 'record')} of pcpu ${pcpu ?? '?'} at #${seq}`;
}

/** `#120 count_info of mfn 0x5: expected 3, seen 2; last written at #100`. */
function divergenceText(row: DivergenceRow): string {
  const about = [
    ...(row.domid === null ? [] : [`d${row.domid}`]),
    ...(row.gfn === null ? [] : [`gfn ${hex(row.gfn)}`]),
    ...(row.mfn === null ? [] : [`mfn ${hex(row.mfn)}`]),
    ...(row.lock === null ? [] : [`lock ${row.lock}`]),
    ...(row.pcpu === null ? [] : [`pcpu ${row.pcpu}`]),
  ];
  // A lookup that found the right frame differs in its type.
  const values =
    row.about === 'lookup' && row.expected === row.seen
      ? `mfn ${valueText(row, row.seen)} as expected, but another type`
      : `expected ${valueText(row, row.expected) ?? 'none'}, seen ${valueText(row, row.seen) ?? 'none'}`;
  const writer = row.last_seq === null ? '' : `; last written at #${row.last_seq}`;
  return `#${row.seq} ${row.about} of ${about.join(' ')}: ${values}${writer}`;
}

/** The value of a lookup is a frame. */
function valueText({ about }: DivergenceRow, value: number | null): string | number | null {
  return value !== null && about === 'lookup' ? hex(value) : value;
}
