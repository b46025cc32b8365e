import { setTimeout as pause } from 'node:timers/promises';
import { isPassing, replyText } from './queue-error.js';
import type { WaitSignals } from './wait-signals.js';

/** Between two tries. */
const AGAIN_MS = 1000;

/** Tries again what Redis refuses for the moment, as where it has no memory left; tells once that it does, and once that it is over. */
export class Patience {
  private told = '';
  private readonly signals: WaitSignals;
  private readonly name: string;
  private readonly tell: (text: string) => void;

  constructor(signals: WaitSignals, name: string, tell: (text: string) => void) {
    this.signals = signals;
    this.name = name;
    this.tell = tell;
  }

  /** @throws P2mError P2M_INTERRUPTED (usage), or what the work throws that does not pass */
  async with<T>(work: () => Promise<T>): Promise<T> {
    for (let tries = 0; ; tries++) {
      try {
        const result = await this.signals.race(work());
        if (tries > 0) {
          this.tell(`Redis at ${this.name} takes commands again`);
          this.told = '';
        }
        return result;
      } catch (error) {
        if (!isPassing(error)) throw error;
        const why = replyText(error);
        if (this.told !== why) this.tell(`Redis at ${this.name} refuses commands for now (${why}), and is tried again`);
        this.told = why;
        await this.signals.race(pause(AGAIN_MS));
      }
    }
  }
}
