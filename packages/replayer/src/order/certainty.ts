import { getU53, type ImportHealth, isValid, KIND } from '@p2mtrace/trace-format';
import type { EntryOf, TellsOrder } from '../state/replay-context.js';
import { earlierPuts } from './earlier-puts.js';
import { mayBeRemovedBefore } from './earlier-removal.js';
import { LateRecords } from './late-records.js';
import type { OrderRows } from './order-rows.js';

type OrderRow = ReturnType<OrderRows['at']>;

/** Kinds that are recorded before they happen. */
const EARLY: ReadonlySet<number> = new Set([KIND.lock_wait, KIND.lock_release, KIND.put_gfn, KIND.page_free]);
/** Records among which the previous one of the same pcpu is looked for; if it is farther away, nothing is certain. */
const REACH = 1 << 18;

/** Tells whether events happened in the order in which they were recorded, or may not have (docs/order.md). */
export class Certainty implements TellsOrder {
  private readonly rows: OrderRows;
  private readonly slack: number;
  private readonly late: LateRecords;
  /** Pairs of pcpus whose clocks can't be compared. */
  private readonly contradictory: (readonly [number, number])[];

  /** `slack`: ticks by which TSCs may be wrong. */
  constructor(rows: OrderRows, slack: number, order: ImportHealth['order'] | undefined) {
    this.rows = rows;
    this.slack = slack;
    this.late = new LateRecords(rows, slack);
    this.contradictory = [...(order?.contradictory ?? [])];
  }

  /** True if each of these events, by seq, surely happened before the next one. @throws P2mError P2M_DAMAGED */
  areOrdered(seqs: readonly number[]): boolean {
    const { start, end } = this.rows;
    const sorted = seqs.filter(seq => seq >= start && seq < end).sort((a, b) => a - b);
    return sorted.every((seq, i) => i === 0 || this.isOrdered(sorted[i - 1], seq));
  }

  /** References on the frame that may have been dropped before this event, by puts recorded behind it. */
  earlierPuts(seq: number, mfn: number): number {
    return earlierPuts(this.late, seq, mfn, pcpu => this.isDoubtful(pcpu));
  }

  /** Whether another pcpu may have removed the entry before this event, by a write recorded behind it. */
  mayBeRemovedBefore(seq: number, entry: EntryOf): boolean {
    return mayBeRemovedBefore(this.late, seq, entry, pcpu => this.isDoubtful(pcpu));
  }

  /** Two pcpus had one lock at once: one of their clocks is wrong, or records are missing. */
  doubt(pcpu: number, other: number): void {
    if (this.contradictory.some(pair => pair.includes(pcpu) && pair.includes(other))) return;
    this.contradictory.push([pcpu, other]);
  }

  /** Another pcpu's clock does not fit this one's: which of the two is wrong is not known, and neither tells any order. */
  isDoubtful(pcpu: number): boolean {
    return this.contradictory.some(pair => pair.includes(pcpu));
  }

  private isOrdered(first: number, second: number): boolean {
    const [a, b] = [this.rows.at(first), this.rows.at(second)];
    if (!hasWindow(a) || !hasWindow(b)) return true;
    const [pcpu, other] = [a.batch.columns.pcpu[a.row], b.batch.columns.pcpu[b.row]];
    if (pcpu === other) return true;
    if (this.isDoubtful(pcpu) || this.isDoubtful(other)) return false;
    if (isRecordedOrder(a, b)) return true;
    const tsc = tscOf(a) + this.slack;
    if (EARLY.has(b.batch.columns.kind[b.row])) return tsc <= tscOf(b);
    return this.hasRecordBetween(other, second, tsc);
  }

  /** True if the pcpu has a record before this seq, from this TSC on: what follows the record follows the TSC. */
  private hasRecordBetween(pcpu: number, seq: number, from: number): boolean {
    const start = Math.max(this.rows.start, seq - REACH);
    for (let at = seq - 1; at >= start; ) {
      const { batch, row: last } = this.rows.at(at);
      for (let row = last; row >= 0 && at >= start; row--, at--) {
        if (!hasWindow({ batch, row })) continue;
        const tsc = getU53(batch.columns.tsc, row);
        if (tsc < from) return false;
        if (batch.columns.pcpu[row] === pcpu) return true;
      }
    }
    return false;
  }
}

const hasWindow = ({ batch: { validity }, row }: OrderRow): boolean =>
  isValid(validity.pcpu, row) && isValid(validity.tsc, row);

const tscOf = ({ batch, row }: OrderRow): number => getU53(batch.columns.tsc, row);

/** True if both concern one lock, which excludes, or one page, whose counts follow from each other. */
function isRecordedOrder({ batch: a, row: i }: OrderRow, { batch: b, row: j }: OrderRow): boolean {
  const isLock = isValid(a.validity.lock, i) && isValid(b.validity.lock, j);
  if (isLock && a.columns.lock[i] === b.columns.lock[j]) return true;
  const isCount = isValid(a.validity.count_info, i) && isValid(b.validity.count_info, j);
  return isCount && getU53(a.columns.mfn, i) === getU53(b.columns.mfn, j);
}
