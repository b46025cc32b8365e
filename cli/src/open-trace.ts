import type { TraceReader } from '@p2mtrace/trace-format';
import type { Context } from './command.js';
import { EXIT } from './exit.js';
import { sayStrict } from './strict.js';
import { visible } from './text/visible.js';

/**
 * Opens a trace for the duration of `work`, whose exit code it returns. Of a trace that was cut or damaged, the intact
 * part is used; this is reported, and the exit code is EXIT.input in any case.
 * @throws P2mError like TraceReader.open
 */
export async function withTrace(
  path: string,
  context: Context,
  work: (reader: TraceReader) => Promise<number>,
): Promise<number> {
  const { describeDamage, TraceReader } = await import('@p2mtrace/trace-format');
  const reader = TraceReader.open(path);
  try {
    if (reader.damage !== undefined) context.err.say(`p2mtrace: ${visible(describeDamage(reader))}\n`);
    const code = await work(reader);
    const isWhole = sayStrict(context, path, reader.metadata) && reader.damage === undefined;
    return isWhole ? code : EXIT.input;
  } finally {
    reader.close();
  }
}

/** The same for several traces, open at the same time; damage in any of them decides the exit code. */
export async function withTraces(
  paths: readonly string[],
  context: Context,
  work: (readers: readonly TraceReader[]) => Promise<number>,
): Promise<number> {
  const [path, ...others] = paths;
  if (path === undefined) return work([]);
  return withTrace(path, context, reader => withTraces(others, context, readers => work([reader, ...readers])));
}
