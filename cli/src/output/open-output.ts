import { OutputFile, OutputStream, outputKind } from '@p2mtrace/trace-format/output';
import type { Context } from '../command.js';

/** Where the bytes of an output go, front to back. */
export interface ByteOut {
  append(bytes: Uint8Array): void | Promise<void>;
  /** All is written: a file gets its name. */
  finish(): void | Promise<void>;
  /** Gives up: no file is left. */
  discard(): void;
}

/** Opens an output that is written front to back. @throws P2mError P2M_OUTPUT, P2M_WRITE (usage) */
async function openOutput(output: string, { out }: Context): Promise<ByteOut> {
  const what = outputKind(output);
  if (what.kind === 'file') return new OutputFile(output);
  if (what.kind === 'stdout') {
    return { append: bytes => out.writeBytes(bytes), finish: () => out.flush(), discard: () => undefined };
  }
  return OutputStream.open(output, what.kind === 'descriptor' ? what.fd : undefined);
}

/** Does work on an output: it is finished if the work succeeds, and discarded if it fails. */
export async function withOutput<T>(
  output: string,
  context: Context,
  work: (bytes: ByteOut) => Promise<T>,
): Promise<T> {
  const bytes = await openOutput(output, context);
  try {
    const result = await work(bytes);
    await bytes.finish();
    return result;
  } catch (error) {
    bytes.discard();
    throw error;
  }
}
