import { statSync } from 'node:fs';
import type { TraceReader } from '@p2mtrace/trace-format';
import { P2mError } from '@p2mtrace/trace-format/errors';
import type { Context } from './command.js';
import { EXIT, isP2mError } from './exit.js';
import type { ImportSettings } from './input/import-input.js';
import { sayStrict } from './strict.js';
import { visible } from './text/visible.js';

/** How a capture is read that stands in the place of a trace. */
export type TraceSettings = Omit<ImportSettings, 'pcpu'> & { readonly progress?: string | undefined };

/**
 * Opens a trace for the duration of `work`, whose exit code it returns. A capture or NDJSON is imported to a temporary
 * trace. If the input was cut or damaged, its intact part is used; this is reported, and the exit code is EXIT.input in
 * any case.
 * @throws P2mError like TraceReader.open, and like an import
 */
export async function withTrace(
  path: string,
  settings: TraceSettings,
  context: Context,
  work: (reader: TraceReader) => Promise<number>,
): Promise<number> {
  const { reader, damage, close } = await openOrImport(path, settings, context);
  try {
    if (damage !== undefined) context.err.say(`p2mtrace: ${visible(damage)}\n`);
    const code = await work(reader);
    const isWhole = sayStrict(context, path, reader.metadata) && damage === undefined;
    return isWhole ? code : EXIT.input;
  } finally {
    close();
  }
}

/** The same for several traces, open at the same time; damage in any of them decides the exit code. */
export async function withTraces(
  paths: readonly string[],
  settings: TraceSettings,
  context: Context,
  work: (readers: readonly TraceReader[]) => Promise<number>,
): Promise<number> {
  const [path, ...others] = paths;
  if (path === undefined) return work([]);
  return withTrace(path, settings, context, reader =>
    withTraces(others, settings, context, readers => work([reader, ...readers])),
  );
}

/** An open trace, what is damaged in it or in what it was made from, and how to leave it. */
interface Opened {
  readonly reader: TraceReader;
  readonly damage: string | undefined;
  close(): void;
}

async function openOrImport(path: string, settings: TraceSettings, context: Context): Promise<Opened> {
  const { describeDamage, TraceReader } = await import('@p2mtrace/trace-format');
  let refusal: unknown;
  if (isFile(path)) {
    try {
      const reader = TraceReader.open(path);
      const damage = reader.damage === undefined ? undefined : describeDamage(reader);
      return { reader, damage, close: () => reader.close() };
    } catch (error) {
      if (!isP2mError(error) || error.code !== 'P2M_NOT_A_TRACE') throw error;
      refusal = error;
    }
  }
  checkStream(path);
  const { temporaryTrace } = await import('./input/temporary-trace.js');
  try {
    const { path: made, damage, remove } = await temporaryTrace(path, settings, context);
    const reader = TraceReader.open(made);
    const close = () => {
      reader.close();
      remove();
    };
    return { reader, damage, close };
  } catch (error) {
    // It is no capture either.
    throw isP2mError(error) && error.code === 'P2M_NOT_XENTRACE' && refusal !== undefined ? refusal : error;
  }
}

/** Names of descriptors, as a shell writes them for `<(zcat capture.gz)`. */
const DESCRIPTOR = /^\/(?:dev\/stdin|(?:dev|proc\/self)\/fd\/\d+)$/;

/** A FIFO or device that has a name may wait for ever, or never end. @throws P2mError P2M_NOT_A_FILE */
function checkStream(path: string): void {
  if (path === '-' || DESCRIPTOR.test(path)) return;
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined || stat.isFile() || stat.isDirectory()) return;
  throw new P2mError('P2M_NOT_A_FILE', `${path} is a ${stat.isFIFO() ? 'FIFO' : 'device'}`, {
    remedy: `name a file; a pipe is read as -: p2mtrace info - < ${path}`,
  });
}

/** False for a pipe, a device and `-`; true also for what is not there, so that opening it says so. */
function isFile(path: string): boolean {
  if (path === '-') return false;
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined || stat.isFile() || stat.isDirectory();
}
