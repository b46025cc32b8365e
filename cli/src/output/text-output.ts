import { setImmediate } from 'node:timers/promises';
import { isStdout } from '@p2mtrace/trace-format/output';
import type { Context } from '../command.js';
import type { TextOut } from '../render/rows.js';
import { type ByteOut, withOutput } from './open-output.js';

/** Text is passed on in pieces of about this size. */
const CHUNK = 1 << 16;

/** Writes text to an output, or to stdout if there is none. @throws P2mError P2M_OUTPUT, P2M_WRITE (usage), ClosedPipe */
export async function withText<T>(
  output: string | undefined,
  context: Context,
  work: (text: TextOut) => Promise<T>,
): Promise<T> {
  if (output === undefined || isStdout(output)) {
    const result = await work(context.out);
    await context.out.flush();
    return result;
  }
  return withOutput(output, context, async bytes => {
    const text = new PlainText(bytes);
    const result = await work(text);
    await text.flush();
    return result;
  });
}

class PlainText implements TextOut {
  private readonly bytes: ByteOut;
  private held = '';

  constructor(bytes: ByteOut) {
    this.bytes = bytes;
  }

  style(_: unknown, text: string): string {
    return text;
  }

  async write(text: string): Promise<void> {
    this.held += text;
    if (this.held.length >= CHUNK) await this.flush();
  }

  async flush(): Promise<void> {
    const text = this.held;
    this.held = '';
    await this.bytes.append(Buffer.from(text));
    // A chance for signals: what makes the text may never wait for anything.
    await setImmediate();
  }
}
