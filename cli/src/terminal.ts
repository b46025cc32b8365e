import { styleText } from 'node:util';
import { ClosedPipe } from './exit.js';

type Style = Parameters<typeof styleText>[0];

/** Text is handed on in pieces of about this size. */
const CHUNK = 1 << 16;

/** One of the two streams that a command writes to. */
export class Terminal {
  readonly isTty: boolean;
  private readonly stream: NodeJS.WriteStream;
  private readonly hasColors: boolean;
  private held = '';
  private failure: NodeJS.ErrnoException | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
    this.isTty = stream.isTTY === true;
    this.hasColors = this.isTty && (process.env.NO_COLOR ?? '') === '' && stream.hasColors();
    // Without a listener an error would end the process with a stack.
    stream.on('error', error => {
      this.failure ??= error;
    });
  }

  /** Coloured where the stream shows colours, and plain elsewhere. */
  style(format: Style, text: string): string {
    return this.hasColors ? styleText(format, text) : text;
  }

  /** Columns of the terminal; 80 where it is none. */
  get columns(): number {
    return this.stream.columns || 80;
  }

  /** Writes at once, and tells nobody whether that worked: for talk. */
  say(text: string): void {
    this.stream.write(text);
  }

  /** Writes data, waiting for whoever reads it. @throws ClosedPipe, P2mError P2M_OUTPUT */
  async write(text: string): Promise<void> {
    this.held += text;
    if (this.held.length >= CHUNK) await this.flush();
  }

  /** Hands on what `write` still holds; errors as for `write`. */
  async flush(): Promise<void> {
    const text = this.held;
    this.held = '';
    if (this.failure === undefined && text !== '') {
      await new Promise<void>(resolve => {
        this.stream.write(text, error => {
          if (error) this.failure ??= error;
          resolve();
        });
      });
    }
    if (this.failure === undefined) return;
    if (this.failure.code === 'EPIPE') throw new ClosedPipe();
    const { usageError } = await import('@p2mtrace/trace-format/errors');
    throw usageError('P2M_OUTPUT', `the output can't be written: ${this.failure.message}`, 'make room, or name a file');
  }
}
