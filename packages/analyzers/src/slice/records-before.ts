import { BatchMemory, isValid, type TraceReader } from '@p2mtrace/trace-format';

/**
 * The last record with a TSC that each of these events' pcpus wrote before it. What an event stands for happened after
 * that record, so it tells whether the event surely followed what another pcpu did (docs/order.md).
 * @throws P2mError P2M_DAMAGED
 */
export function recordsBefore(reader: TraceReader, seqs: Iterable<number>): number[] {
  const wanted = Float64Array.from(new Set(seqs)).sort();
  const last = new Map<number, number>();
  const found: number[] = [];
  const memory = new BatchMemory();
  let next = 0;
  for (const info of reader.batches) {
    if (next === wanted.length) break;
    const { columns, validity } = reader.read(info, ['pcpu', 'tsc'], memory);
    for (let row = 0; row < info.rows && next < wanted.length; row++) {
      const seq = info.firstSeq + row;
      const isWanted = seq === wanted[next];
      if (isWanted) next++;
      if (!isValid(validity.pcpu, row)) continue;
      const pcpu = columns.pcpu[row];
      if (isWanted) found.push(last.get(pcpu) ?? seq);
      if (isValid(validity.tsc, row)) last.set(pcpu, seq);
    }
  }
  return found;
}
