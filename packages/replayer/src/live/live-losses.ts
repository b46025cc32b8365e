import type { StreamLoss } from '@p2mtrace/trace-format';
import type { LivePage } from './live-page.js';

interface Pending extends StreamLoss {
  readonly low: number;
  readonly high: number;
  isBegun: boolean;
}

/** Where pcpus begin to lose records: a replay knows nothing from there on. */
export class LiveLosses {
  private pending: Pending[] = [];

  add(loss: StreamLoss): void {
    const { firstTsc } = loss;
    this.pending.push({ ...loss, low: Number(firstTsc & 0xffff_ffffn), high: Number(firstTsc >> 32n), isBegun: false });
  }

  /** Those that begin before a row of the page in [from, to), with that row, in order. */
  in(page: LivePage, from: number, to: number): { readonly row: number; readonly pcpu: number }[] {
    if (this.pending.every(({ isBegun }) => isBegun)) return [];
    const found: { row: number; pcpu: number }[] = [];
    const { tsc } = page.batch.columns;
    for (const loss of this.pending) {
      if (loss.isBegun) continue;
      let row = from;
      while (row < to && (tsc[2 * row + 1] < loss.high || (tsc[2 * row + 1] === loss.high && tsc[2 * row] < loss.low)))
        row++;
      if (row === to) continue;
      loss.isBegun = true;
      found.push({ row, pcpu: loss.pcpu });
    }
    return found.sort((a, b) => a.row - b.row);
  }

  /** They begin anew; or those that have begun are forgotten. */
  restart(): void {
    for (const loss of this.pending) loss.isBegun = false;
  }
  forget(): void {
    this.pending = this.pending.filter(({ isBegun }) => !isBegun);
  }
}
