import { type BatchInfo, BatchMemory, type TraceReader } from '@p2mtrace/trace-format';
import { ALLOCATED, COUNT_KNOWN, FREE } from './page-table.js';
import { FACT_COLUMNS, STATE_COLUMNS } from './replay-batch.js';
import { Replayer, type ReplayOptions } from './replayer.js';

export interface ReplayTraceOptions extends ReplayOptions {
  /** Stop before this seq; the end of the trace where it is absent. */
  readonly until?: number | undefined;
  /** Called with the events applied so far, batch by batch. */
  readonly onProgress?: ((events: number) => void) | undefined;
}

/**
 * Replays a trace from its start. Reads batch by batch; memory follows the live state, not the trace's length.
 * @throws P2mError P2M_DAMAGED where a column does not match its checksum
 */
export function replayTrace(reader: TraceReader, options: ReplayTraceOptions = {}): Replayer {
  const replayer = new Replayer(reader.metadata, options);
  const until = options.until ?? Number.POSITIVE_INFINITY;
  const memory = new BatchMemory();
  const losses = lossStarts(reader);
  for (const info of reader.batches) {
    if (info.firstSeq >= until) break;
    const to = Math.min(info.rows, until - info.firstSeq);
    const batch =
      options.facts === true ? reader.read(info, FACT_COLUMNS, memory) : reader.read(info, STATE_COLUMNS, memory);
    let from = 0;
    while (losses.length > 0 && info.lastTsc !== undefined && losses[0].tsc <= info.lastTsc) {
      const { pcpu, tsc } = losses[0];
      const at = rowOfTsc(reader, info, tsc);
      losses.shift();
      if (at > to) break;
      replayer.apply(batch, from, Math.max(from, at));
      replayer.beginLoss(pcpu);
      from = Math.max(from, at);
    }
    replayer.apply(batch, from, to);
    options.onProgress?.(info.firstSeq + to);
  }
  finish(replayer);
  return replayer;
}

/** Where loss begins, by TSC: known from the import, as a lost event comes after what it is about (X§1.3). */
function lossStarts(reader: TraceReader): { pcpu: number; tsc: bigint }[] {
  return (reader.metadata.health?.lost ?? [])
    .map(({ pcpu, firstTsc }) => ({ pcpu, tsc: BigInt(firstTsc) }))
    .sort((a, b) => (a.tsc < b.tsc ? -1 : a.tsc > b.tsc ? 1 : 0));
}

/** First row of the batch at or behind that TSC. */
function rowOfTsc(reader: TraceReader, info: BatchInfo, tsc: bigint): number {
  const { columns } = reader.read(info, ['tsc']);
  const [low, high] = [Number(tsc & 0xffff_ffffn), Number(tsc >> 32n)];
  for (let row = 0; row < info.rows; row++) {
    const rowHigh = columns.tsc[2 * row + 1];
    if (rowHigh > high || (rowHigh === high && columns.tsc[2 * row] >= low)) return row;
  }
  return info.rows;
}

/** Facts that only the end of a trace knows: how pages stand, and which frees were those of a teardown. */
function finish(replayer: Replayer): void {
  const { facts, pages, health } = replayer;
  for (let domid = 0; domid < replayer.lastP2mSeq.length; domid++) {
    const last = replayer.lastP2mSeq[domid];
    if (!Number.isNaN(last)) health.domains.columns.last_p2m_seq[health.domain(domid, last)] = last;
  }
  if (facts === undefined) return;
  countTeardownFrees(replayer);
  pages.directory.forEachChunk((firstMfn, firstSlot) => {
    for (let i = 0; i < 512; i++) {
      const slot = firstSlot + i;
      const state = pages.state[slot];
      if ((state & COUNT_KNOWN) === 0 || (state & FREE) !== 0) continue;
      const count = pages.count(slot);
      const allocated = pages.hasAllocated(pages.countLow[slot], pages.countHigh[slot]);
      if (count === 0 && (state & ALLOCATED) === 0) continue;
      facts.memory.pageEnd(slot, firstMfn + i, pages.generation[slot], replayer.ownerOf(slot), count, allocated);
    }
  });
}

function countTeardownFrees(replayer: Replayer): void {
  const { health, facts } = replayer;
  if (facts === undefined) return;
  const { owner, to_seq } = facts.memory.pages.columns;
  for (let row = 0; row < facts.memory.pages.rows; row++) {
    const domid = owner[row];
    if (domid < 0 || Number.isNaN(to_seq[row])) continue;
    const at = health.domain(domid, to_seq[row]);
    const c = health.domains.columns;
    if (to_seq[row] < c.last_p2m_seq[at]) continue;
    c.freed[at]++;
    c.last_free_seq[at] = to_seq[row];
  }
}
