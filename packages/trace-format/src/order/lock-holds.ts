import { BatchMemory } from '../read/batch-memory.js';
import { isValid } from '../read/read-batch.js';
import type { TraceReader } from '../read/reader.js';
import { FLAG } from '../schema/flags.js';
import { KIND } from '../schema/kinds.js';
import { MODE_MUTEX, MODE_WRITE } from '../schema/xen-enums.js';
import { getU53 } from '../u64.js';

const K_LOCK_ACQUIRE = KIND.lock_acquire;
const K_LOCK_RELEASE = KIND.lock_release;
const K_LOST = KIND.lost;

/** When a pcpu held a lock exclusively, in its own TSCs, in order. */
export interface Holds {
  readonly from: number[];
  readonly to: number[];
}

/** By lock, by pcpu. */
export type HoldsOfLocks = ReadonlyMap<number, ReadonlyMap<number, Holds>>;

/** A hold that has begun and not ended. */
interface OpenHold {
  readonly from: number;
  depth: number;
}

/**
 * When each pcpu held each lock exclusively. The events of one pcpu are in order, so this does not depend on the order
 * between pcpus. Holds whose beginning or end was not recorded are left out. @throws P2mError P2M_DAMAGED
 */
export function lockHolds(reader: TraceReader): HoldsOfLocks {
  const holds = new Map<number, Map<number, Holds>>();
  /** By pcpu, by lock. */
  const open = new Map<number, Map<number, OpenHold>>();
  const memory = new BatchMemory();
  for (const info of reader.batches) {
    const { columns: c, validity: v, rows } = reader.read(info, COLUMNS, memory);
    for (let row = 0; row < rows; row++) {
      const kind = c.kind[row];
      if (kind === K_LOST) {
        if (isValid(v.pcpu, row)) open.delete(c.pcpu[row]);
        else open.clear();
      }
      if (kind !== K_LOCK_ACQUIRE && kind !== K_LOCK_RELEASE) continue;
      if (!isValid(v.lock, row) || !isValid(v.pcpu, row) || !isValid(v.tsc, row)) continue;
      if ((c.mode[row] !== MODE_WRITE && c.mode[row] !== MODE_MUTEX) || (c.flags[row] & FLAG.failed) !== 0) continue;
      const mine = of(open, c.pcpu[row], () => new Map<number, OpenHold>());
      const lock = c.lock[row];
      const hold = mine.get(lock);
      if (kind === K_LOCK_ACQUIRE) {
        if (hold === undefined) mine.set(lock, { from: getU53(c.tsc, row), depth: 1 });
        else hold.depth++;
      } else if (hold !== undefined && --hold.depth === 0) {
        mine.delete(lock);
        const ofPcpu = of(
          of(holds, lock, () => new Map<number, Holds>()),
          c.pcpu[row],
          () => ({ from: [], to: [] }),
        );
        ofPcpu.from.push(hold.from);
        ofPcpu.to.push(getU53(c.tsc, row));
      }
    }
  }
  return holds;
}

const COLUMNS = ['kind', 'pcpu', 'lock', 'mode', 'flags', 'tsc'] as const;

function of<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}
