import { CYCLE_REASONS } from '../facts/lock-cycle-specs.js';
import { IntList } from './int-list.js';

/** What puts an event before one of another pcpu (docs/predict.md#what-orders-events): index of CYCLE_REASONS. */
export const CAUSE = Object.fromEntries(CYCLE_REASONS.map((name, index) => [name, index])) as Record<
  (typeof CYCLE_REASONS)[number],
  number
>;

/** What one pcpu did after what another one did: rows of both, going up, and the cause of each pair. */
interface PairLog {
  readonly from: number;
  readonly to: IntList;
  readonly fromRows: IntList;
  readonly causes: IntList;
}

/**
 * Which event of which pcpu must have happened before an event of another one, in any order of them. Of two pcpus only
 * what says more than all before it is kept: what is after a later event is after an earlier one too.
 */
export class OrderLog {
  /** By pcpu that comes after: those that it comes after. */
  private readonly logs: (PairLog[] | undefined)[] = [];
  /** Rows before which everything comes that is before them, and after which everything else. */
  readonly barriers = new IntList();

  /** The event of `pcpu` at `row`, the last so far, comes after that of `from` at `fromRow`. */
  add(pcpu: number, row: number, from: number, fromRow: number, cause: number): void {
    if (pcpu === from || fromRow < 0) return;
    this.logs[pcpu] ??= [];
    let log = this.logs[pcpu].find(one => one.from === from);
    if (log === undefined) {
      log = { from, to: new IntList(), fromRows: new IntList(), causes: new IntList() };
      this.logs[pcpu].push(log);
    }
    const last = log.to.length - 1;
    if (last >= 0 && log.fromRows.values[last] >= fromRow) return;
    if (last >= 0 && log.to.values[last] === row) {
      log.fromRows.values[last] = fromRow;
      log.causes.values[last] = cause;
      return;
    }
    log.to.push(row);
    log.fromRows.push(fromRow);
    log.causes.push(cause);
  }

  /** Nothing is known across this row: all before it comes before all after it. */
  barrier(row: number): void {
    this.barriers.push(row);
  }

  /** Tells for each pcpu up to which row it must have come when `pcpu` has come up to `row`. */
  before(pcpu: number, row: number, tell: (pcpu: number, row: number, cause: number) => void): void {
    for (const { from, to, fromRows, causes } of this.logs[pcpu] ?? []) {
      const at = to.lastAtMost(row);
      if (at >= 0) tell(from, fromRows.values[at], causes.values[at]);
    }
  }

  /** The last barrier that is not behind this row, -1 for none. */
  barrierBefore(row: number): number {
    const at = this.barriers.lastAtMost(row);
    return at < 0 ? -1 : this.barriers.values[at];
  }
}
