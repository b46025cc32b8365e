import { randomBytes } from 'node:crypto';
import { styleText } from 'node:util';
import { ClosedPipe } from './exit.js';
import { visibleText } from './text/visible.js';

type Style = Parameters<typeof styleText>[0];

/** Text is passed on in pieces of about this size. */
const CHUNK = 1 << 16;
/** Stands for ESC in what `style` returns until it is written: no name in a trace can have it. */
const ESCAPE = `\ue000${randomBytes(8).toString('hex')}`;

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
    // Without a listener, an error would end the process with a stack trace.
    stream.on('error', error => {
      this.failure ??= error;
    });
  }

  /** Coloured if the stream supports colours, otherwise plain. */
  style(format: Style, text: string): string {
    return this.hasColors ? styleText(format, text).replaceAll('\u001b', ESCAPE) : text;
  }

  /** Columns of the terminal; 80 if it is none. */
  get columns(): number {
    return this.stream.columns || 80;
  }

  /** Writes at once and ignores failure: for messages. */
  say(text: string): void {
    this.stream.write(this.printable(text));
  }

  /** Writes what moves the cursor. */
  control(text: string): void {
    this.stream.write(text);
  }

  /** Writes data; waits for the reader. @throws ClosedPipe, P2mError P2M_OUTPUT */
  async write(text: string): Promise<void> {
    this.held += text;
    if (this.held.length >= CHUNK) await this.flush();
  }

  /** Writes bytes, which pass the gate for text as they are, behind what `write` has buffered; throws like `write`. */
  async writeBytes(bytes: Uint8Array): Promise<void> {
    await this.flush();
    await this.pass(bytes);
  }

  /** The gate for all text: only our own styles, line ends and tabs act on a terminal. */
  private printable(text: string): string {
    const safe = visibleText(text);
    return this.hasColors ? safe.replaceAll(ESCAPE, '\u001b') : safe;
  }

  /** Passes on what `write` has buffered; throws like `write`. */
  async flush(): Promise<void> {
    const text = this.printable(this.held);
    this.held = '';
    await this.pass(text);
  }

  private async pass(text: string | Uint8Array): Promise<void> {
    if (this.failure === undefined && text.length > 0) {
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
