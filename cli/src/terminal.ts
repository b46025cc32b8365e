import { randomBytes } from 'node:crypto';
import { env } from 'node:process';
import { styleText } from 'node:util';
import { ClosedPipe } from './exit.js';
import { visibleText } from './text/visible.js';

type Style = Parameters<typeof styleText>[0];
export type ColorChoice = 'auto' | 'always' | 'never';

/** Text is passed on in pieces of about this size. */
const CHUNK = 1 << 16;
/** Stands for ESC in what `style` returns until it is written: no name in a trace can have it. */
const ESCAPE = `\ue000${randomBytes(8).toString('hex')}`;

/** One of the two streams that a command writes to. */
export class Terminal {
  readonly isTty: boolean;
  readonly stream: NodeJS.WriteStream;
  /** What `note` and `detail` say: quiet neither, normal the first, verbose both. */
  level: 'quiet' | 'normal' | 'verbose' = 'normal';
  private hasColors: boolean;
  private held = '';
  private failure: NodeJS.ErrnoException | undefined;

  constructor(stream: NodeJS.WriteStream) {
    this.stream = stream;
    this.isTty = stream.isTTY === true;
    this.hasColors = colored(stream, 'auto');
    // Without a listener, an error would end the process with a stack trace.
    stream.on('error', error => {
      this.failure ??= error;
    });
  }

  /** Chooses whether there are colors. */
  color(choice: ColorChoice): void {
    this.hasColors = colored(this.stream, choice);
  }

  /** Coloured if the stream has colours, otherwise plain. */
  style(format: Style, text: string): string {
    if (!this.hasColors) return text;
    // Node would look at its own idea of stdout.
    return styleText(format, text, { validateStream: false }).replaceAll('\u001b', ESCAPE);
  }

  /** Columns of the terminal; 80 if it is none. */
  get columns(): number {
    return this.stream.columns || 80;
  }

  /** The same; where it is none, as many as $COLUMNS says, else undefined: what reads it takes lines of any length. */
  get width(): number | undefined {
    if (this.isTty) return this.columns;
    const columns = Number(env.COLUMNS);
    return Number.isSafeInteger(columns) && columns >= 20 ? columns : undefined;
  }

  /** Writes at once and ignores failure: for messages. */
  say(text: string): void {
    this.stream.write(this.printable(text));
  }

  /** Writes what moves the cursor. */
  control(text: string): void {
    this.stream.write(text);
  }

  /** A message that --quiet keeps back. */
  note(text: string): void {
    if (this.level !== 'quiet') this.say(text);
  }

  /** A message for --verbose. */
  detail(text: string): void {
    if (this.level === 'verbose') this.say(text);
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

/**
 * Whether a stream gets colours: as --color says, else as FORCE_COLOR does (0 and false: none), else NO_COLOR, else if it
 * is a terminal that has them. FORCE_COLOR comes first in Node itself as well.
 */
function colored(stream: NodeJS.WriteStream, choice: ColorChoice): boolean {
  if (choice !== 'auto') return choice === 'always';
  const { FORCE_COLOR = '', NO_COLOR = '' } = env;
  if (FORCE_COLOR !== '') return FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  return NO_COLOR === '' && stream.isTTY === true && stream.hasColors();
}
