import { SingleBar } from 'cli-progress';
import { checkBudget } from '../budget/watch.js';
import type { Context } from '../command.js';
import { count } from './cell.js';

/** What is done sooner shows no progress. */
const SOON_MS = 100;
const BAR = 20;

/** A line on stderr with the progress of a command, its rate and the remaining time, if stderr is a terminal. */
export class Progress {
  private readonly err: Context['err'];
  private readonly what: string;
  private readonly shows: boolean;
  private readonly started = Date.now();
  private total: number | undefined;
  private bar: SingleBar | undefined;

  /** `total`: undefined if the amount is not known. */
  constructor({ err }: Context, when: string | undefined, what: string, total?: number) {
    this.err = err;
    this.what = what;
    this.total = total;
    this.shows = err.isTty && when !== 'never';
  }

  /**
   * Updates the line from time to time; `total` if it is known only now. When all is done, the line is removed.
   * Ends the process where the command takes too much (checkBudget).
   */
  readonly update = (done: number, total = this.total): void => {
    checkBudget();
    this.total = total;
    if (done === total) this.end();
    else if (this.bar !== undefined) {
      this.bar.setTotal(total ?? 0);
      this.bar.update(done);
    } else if (this.shows && Date.now() - this.started >= SOON_MS) this.bar = this.startBar(done);
  };

  /** Removes the line. */
  end(): void {
    this.bar?.stop();
    this.bar = undefined;
  }

  private startBar(done: number): SingleBar {
    const { stream } = this.err;
    const format: ConstructorParameters<typeof SingleBar>[0]['format'] = (
      { barsize = BAR },
      { progress, value, eta },
    ) => {
      const rate = `${count(Math.round((value * 1000) / Math.max(1, Date.now() - this.started)))}/s`;
      const full = Math.round(progress * barsize);
      const text =
        this.total === undefined
          ? `${count(value)} ${this.what}, ${rate}`
          : `[${'#'.repeat(full)}${' '.repeat(barsize - full)}] ${Math.floor(100 * progress)} % of ${count(this.total)} ${this.what}, ${rate}, ${Math.ceil(Number(eta))} s left`;
      return text.slice(0, this.err.columns - 1);
    };
    // Its own switch of line wrapping would stay off if the process is killed.
    const bar = new SingleBar({ format, stream, barsize: BAR, clearOnComplete: true, linewrap: true });
    bar.start(this.total ?? 0, done);
    return bar;
  }
}
