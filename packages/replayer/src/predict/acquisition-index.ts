import { MODE_READ } from '@p2mtrace/trace-format';

/** Row of a release that the trace does not have. */
export const NEVER = 2 ** 31 - 1;

/** Columns by acquisition, which are numbered from 1 on; pcpus are numbers below `pcpus`. */
interface Acquisitions {
  readonly acquisitions: number;
  readonly pcpus: number;
  readonly lock: Int32Array;
  readonly mode: Uint8Array;
  readonly pcpu: Int32Array;
  readonly row: Int32Array;
}

/** Acquisitions that are looked at one by one before it is given up. */
const MOST_STEPS = 16;

/** Acquisitions by lock and row, and by lock, pcpu and row: 12 bytes each. */
export class AcquisitionIndex {
  private readonly history: Acquisitions;
  private readonly all: Int32Array;
  private readonly allStarts: Int32Array;
  private readonly exclusive: Int32Array;
  private readonly exclusiveStarts: Int32Array;
  /** Of all pcpus, by row; those of a lock begin where they do in `all`. */
  private readonly byRow: Int32Array;

  constructor(history: Acquisitions) {
    this.history = history;
    const { acquisitions, mode, pcpu, lock, pcpus } = history;
    const numbers = Int32Array.from({ length: acquisitions }, (_, i) => i + 1);
    let locks = 0;
    for (const i of numbers) locks = Math.max(locks, lock[i] + 1);
    // Stable sorts by pcpu, then by lock: acquisitions are numbered by row already.
    const byPcpu = sortedBy(numbers, i => pcpu[i], pcpus).sorted;
    const all = sortedBy(byPcpu, i => lock[i], locks);
    this.all = all.sorted;
    this.allStarts = all.starts;
    this.byRow = sortedBy(numbers, i => lock[i], locks).sorted;
    const exclusive = sortedBy(
      byPcpu.filter(i => mode[i] !== MODE_READ),
      i => lock[i],
      locks,
    );
    this.exclusive = exclusive.sorted;
    this.exclusiveStarts = exclusive.starts;
  }

  /** Row of the pcpu's first acquisition of the lock after `row`, of the exclusive ones only if so asked. */
  next(lock: number, pcpu: number, row: number, onlyExclusive: boolean): number {
    const starts = onlyExclusive ? this.exclusiveStarts : this.allStarts;
    const sorted = onlyExclusive ? this.exclusive : this.all;
    const { history } = this;
    const end = starts[lock + 1];
    let [low, high] = [starts[lock], end];
    while (low < high) {
      const middle = (low + high) >>> 1;
      const at = sorted[middle];
      if (history.pcpu[at] < pcpu || (history.pcpu[at] === pcpu && history.row[at] <= row)) low = middle + 1;
      else high = middle;
    }
    return low < end && history.pcpu[sorted[low]] === pcpu ? history.row[sorted[low]] : NEVER;
  }

  /**
   * Whether another pcpu than the acquisition's has, up to its stop, taken the lock after it in a mode that excludes it:
   * undefined where that takes too many steps.
   */
  isFollowed(acquisition: number, stops: Int32Array, lastStop: number): boolean | undefined {
    const { byRow, allStarts, history } = this;
    const { lock, row, pcpu, mode } = history;
    const end = allStarts[lock[acquisition] + 1];
    const after = row[acquisition];
    let [low, high] = [allStarts[lock[acquisition]], end];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (row[byRow[middle]] <= after) low = middle + 1;
      else high = middle;
    }
    const onlyExclusive = mode[acquisition] === MODE_READ;
    for (let at = low; at < end; at++) {
      const next = byRow[at];
      if (row[next] > lastStop) return false;
      if (at - low === MOST_STEPS) return undefined;
      if (onlyExclusive && mode[next] === MODE_READ) continue;
      if (pcpu[next] !== pcpu[acquisition] && row[next] <= stops[pcpu[next]]) return true;
    }
    return false;
  }
}

/** Numbers in the order of a key below `keys`, those of one key as they were; and where those of each key begin. */
function sortedBy(numbers: Int32Array, keyOf: (number: number) => number, keys: number) {
  const starts = new Int32Array(keys + 1);
  for (const number of numbers) starts[keyOf(number) + 1]++;
  for (let key = 0; key < keys; key++) starts[key + 1] += starts[key];
  const next = starts.slice();
  const sorted = new Int32Array(numbers.length);
  for (const number of numbers) sorted[next[keyOf(number)]++] = number;
  return { sorted, starts };
}
