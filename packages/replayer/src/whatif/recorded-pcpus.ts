import { BatchMemory, isValid, type TraceReader } from '@p2mtrace/trace-format';

/** Pcpus with events, -1 for those of none, in order. @throws P2mError P2M_DAMAGED */
export function recordedPcpus(reader: TraceReader): number[] {
  const found = new Set<number>();
  const memory = new BatchMemory();
  for (const info of reader.batches) {
    const { columns, validity, rows } = reader.read(info, ['pcpu'], memory);
    for (let row = 0; row < rows; row++) {
      const pcpu = isValid(validity.pcpu, row) ? columns.pcpu[row] : -1;
      if (!found.has(pcpu)) found.add(pcpu);
    }
  }
  return [...found].sort((a, b) => a - b);
}

/** First TSC, undefined if there is none, and the ticks from there to the last; without TSCs each event is a tick. */
export function recordedTime({ batches }: TraceReader): { base: bigint | undefined; ticks: number } {
  const first = batches.find(({ firstTsc }) => firstTsc !== undefined)?.firstTsc;
  const last = batches.findLast(({ lastTsc }) => lastTsc !== undefined)?.lastTsc;
  if (first === undefined || last === undefined) {
    return { base: undefined, ticks: batches.reduce((sum, { rows }) => sum + rows, 0) };
  }
  return { base: first, ticks: Number(last - first) };
}
