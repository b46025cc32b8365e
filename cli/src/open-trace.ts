import type { TraceReader } from '@p2mtrace/trace-format';
import type { Context } from './command.js';
import { EXIT } from './exit.js';

/**
 * Opens a trace for the time of `work`, whose exit code it returns. A trace that was cut or damaged is used as far as
 * it is whole; that is said, and the exit code is EXIT.input whatever else there is to tell.
 * @throws P2mError as TraceReader.open does
 */
export async function withTrace(
  path: string,
  { err }: Context,
  work: (reader: TraceReader) => Promise<number>,
): Promise<number> {
  const { describeDamage, TraceReader } = await import('@p2mtrace/trace-format');
  const reader = TraceReader.open(path);
  try {
    if (reader.damage !== undefined) err.say(`p2mtrace: ${describeDamage(reader)}\n`);
    const code = await work(reader);
    return reader.damage === undefined ? code : EXIT.input;
  } finally {
    reader.close();
  }
}

/** The same for several traces, which are open at once; damage of any decides the exit code. */
export async function withTraces(
  paths: readonly string[],
  context: Context,
  work: (readers: readonly TraceReader[]) => Promise<number>,
): Promise<number> {
  const [path, ...others] = paths;
  if (path === undefined) return work([]);
  return withTrace(path, context, reader => withTraces(others, context, readers => work([reader, ...readers])));
}
