import { BatchMemory, FLAG, getU53, isValid, KIND, P2M_TYPES, type TraceReader } from '@p2mtrace/trace-format';

const POD = P2M_TYPES.indexOf('populate_on_demand');
const COLUMNS = ['kind', 'domid', 'gfn', 'mfn', 'order', 'p2m_type', 'flags'] as const;

/** How the 4K slots of a domain's host p2m came and went, by the plainest reading of its events. */
export class SlotCounts {
  /** Slots that became PoD and were unknown before. */
  marked = 0;
  /** Slots with a frame, or PoD ones, that became holes; and PoD ones of them. */
  removed = 0;
  podRemoved = 0;
  /** Frames of pod_populate, pod_zero_reclaim and decrease_reservation. */
  populated = 0;
  reclaimed = 0;
  decreased = 0;
}

/** Counts up to the event `until`. Slots are type and frame one by one: no leaves, no splits, no replay. */
export function countSlots(reader: TraceReader, domid: number, until: number): SlotCounts {
  const counts = new SlotCounts();
  const types = new Map<number, number>();
  const memory = new BatchMemory();
  for (const info of reader.batches) {
    const { columns: c, validity } = reader.read(info, COLUMNS, memory);
    for (let row = 0; row < Math.min(info.rows, until - info.firstSeq); row++) {
      if (c.domid[row] !== domid) continue;
      const frames = 2 ** c.order[row];
      switch (c.kind[row]) {
        case KIND.pod_populate:
          counts.populated += frames;
          break;
        case KIND.pod_zero_reclaim:
          counts.reclaimed += frames;
          break;
        case KIND.decrease_reservation:
          counts.decreased += frames;
          break;
        case KIND.set_entry: {
          const flags = c.flags[row];
          if ((flags & FLAG.failed) !== 0 || (reader.metadata.hasResults && (flags & FLAG.attempt) !== 0)) break;
          const type = c.p2m_type[row];
          const isHole = type !== POD && !isValid(validity.mfn, row);
          const gfn = getU53(c.gfn, row);
          for (let slot = gfn; slot < gfn + frames; slot++) {
            const before = types.get(slot);
            if (type === POD && before === undefined) counts.marked++;
            if (isHole && before !== undefined && before >= 0) counts.removed++;
            if (isHole && before === POD) counts.podRemoved++;
            types.set(slot, isHole ? -1 : type);
          }
        }
      }
    }
  }
  return counts;
}
