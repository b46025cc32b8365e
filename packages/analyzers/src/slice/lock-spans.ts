import { BatchMemory, FLAG, isValid, KIND, type TraceReader } from '@p2mtrace/trace-format';

/** A lock that a pcpu holds. */
interface Hold {
  readonly seq: number;
  readonly lock: number;
  isWanted: boolean;
}

/**
 * Some events, with the acquisition and the release of each lock that their pcpus held at them: what happens under a
 * lock is judged where it is released. In no order. @throws P2mError P2M_DAMAGED
 */
export function withLocks(reader: TraceReader, seqs: Iterable<number>): Set<number> {
  const found = new Set(seqs);
  const wanted = Float64Array.from(found).sort();
  const held = new Map<number, Hold[]>();
  const memory = new BatchMemory();
  let next = 0;
  for (const info of reader.batches) {
    const { columns: c, validity } = reader.read(info, ['kind', 'pcpu', 'lock', 'flags'], memory);
    for (let row = 0; row < info.rows; row++) {
      const kind = c.kind[row];
      const seq = info.firstSeq + row;
      const isWanted = seq === wanted[next];
      if (isWanted) next++;
      const isLock = kind === KIND.lock_acquire || kind === KIND.lock_release || kind === KIND.lost;
      if ((!isWanted && !isLock) || !isValid(validity.pcpu, row)) continue;
      const pcpu = c.pcpu[row];
      const holds = held.get(pcpu) ?? [];
      held.set(pcpu, holds);
      if (isWanted) for (const hold of holds) hold.isWanted = true;
      if (kind === KIND.lost) holds.length = 0;
      else if (kind === KIND.lock_acquire && (c.flags[row] & FLAG.failed) === 0) {
        holds.push({ seq, lock: c.lock[row], isWanted });
      } else if (kind === KIND.lock_release) {
        const at = holds.findLastIndex(({ lock }) => lock === c.lock[row]);
        const [hold] = at < 0 ? [] : holds.splice(at, 1);
        if (hold?.isWanted) found.add(hold.seq).add(seq);
      }
    }
  }
  for (const { seq, isWanted } of [...held.values()].flat()) if (isWanted) found.add(seq);
  return found;
}
