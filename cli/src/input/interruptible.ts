import { constants, type ReadStream } from 'node:fs';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { fileCalls } from '@p2mtrace/trace-format/output';

/** How long the writer of a pipe, which also gets the first Ctrl-C, may take to write the rest. */
const GRACE_MS = 2000;
/** Signals by which a user or the system ends a program. */
export const STOP_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/**
 * A stream that a signal ends as if it had ended itself: at its end, after a grace period, or at a second
 * signal.
 */
export class Interruptible {
  /** True once a signal came. */
  interrupted = false;
  /** True if the stream was left before its end. */
  left = false;
  bytes = 0;
  private readonly input: AsyncIterable<Uint8Array> & { destroy(): unknown };
  private readonly name: string;

  constructor(input: AsyncIterable<Uint8Array> & { destroy(): unknown }, name: string) {
    this.input = input;
    this.name = name;
  }

  /** @throws P2mError P2M_READ */
  async *pieces(): AsyncGenerator<Uint8Array> {
    let leave = () => {};
    let isLeft = false;
    let timer: NodeJS.Timeout | undefined;
    const onSignal = () => {
      if (this.interrupted) leave();
      this.interrupted = true;
      timer ??= setTimeout(() => leave(), GRACE_MS);
    };
    for (const signal of STOP_SIGNALS) process.on(signal, onSignal);
    const iterator = this.input[Symbol.asyncIterator]();
    try {
      for (;;) {
        // Not Promise.race with one promise for all pieces: that would keep every piece in memory.
        const next = await new Promise<IteratorResult<Uint8Array> | undefined>((resolve, reject) => {
          leave = () => {
            isLeft = true;
            resolve(undefined);
          };
          if (isLeft) leave();
          else iterator.next().then(resolve, reject);
        });
        this.left = isLeft;
        if (next === undefined || next.done === true) return;
        this.bytes += next.value.length;
        yield next.value;
      }
    } catch (cause) {
      throw new P2mError('P2M_READ', `the input can't be read: ${(cause as Error).message}`, {
        place: { file: this.name, byte: this.bytes },
        remedy: 'nothing was written; try again, or copy the file first',
        cause,
      });
    } finally {
      clearTimeout(timer);
      for (const signal of STOP_SIGNALS) process.off(signal, onSignal);
      if ((this.input as Partial<ReadStream>).pending === true) wake(this.name);
      this.input.destroy();
    }
  }
}

/** Ends the opening of a FIFO that nobody writes to, which would keep the process from ending. */
function wake(fifo: string): void {
  try {
    fileCalls.closeSync(fileCalls.openSync(fifo, constants.O_WRONLY | constants.O_NONBLOCK));
  } catch {
    // Somebody opened it meanwhile, or it is no FIFO.
  }
}
