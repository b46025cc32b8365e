import { checkBudget } from '../budget/watch.js';
import type { Context } from '../command.js';
import { count } from './cell.js';

/** Milliseconds between two updates. */
const EVERY = 100;

/** One line on stderr with the progress of a command, if stderr is a terminal. */
export class Progress {
  private readonly err: Context['err'];
  private readonly what: string;
  private readonly total: number | undefined;
  private readonly shows: boolean;
  private readonly started = Date.now();
  private last = Date.now();
  private visible = false;

  /** `total`: undefined if the amount is not known. */
  constructor({ err }: Context, when: string | undefined, what: string, total?: number) {
    this.err = err;
    this.what = what;
    this.total = total;
    this.shows = err.isTty && when !== 'never';
  }

  /** Updates the line from time to time, and throws P2M_MEMORY or P2M_TIME_LIMIT where the command takes too much; `total` if it is known only now. When all is done, the line is removed. */
  readonly update = (done: number, total = this.total): void => {
    checkBudget();
    if (done === total) this.end();
    const now = Date.now();
    if (!this.shows || done === total || now - this.last < EVERY) return;
    this.last = now;
    this.visible = true;
    const rate = done / Math.max(1, now - this.started);
    const text =
      total === undefined
        ? `${count(done)} ${this.what}`
        : `${Math.floor((100 * done) / Math.max(1, total))} % of ${count(total)} ${this.what}`;
    const left = total === undefined || rate === 0 ? '' : `, ${seconds((total - done) / rate)} left`;
    this.err.say(`\r\u001b[K${`${text}${left}`.slice(0, this.err.columns - 1)}`);
  };

  /** Removes the line. */
  end(): void {
    if (this.visible) this.err.say('\r\u001b[K');
    this.visible = false;
  }
}

function seconds(milliseconds: number): string {
  return `${Math.max(0, Math.ceil(milliseconds / 1000))} s`;
}
