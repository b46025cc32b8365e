import { createReadStream } from 'node:fs';
import { openTraceSession, TRACE_TABLES } from '@p2mtrace/analyzers';
import { type Compression, copyTrace, type TraceReader, usageError } from '@p2mtrace/trace-format';
import type { Context } from '../command.js';
import { madeFile, withTraceFile } from '../output/made-file.js';
import { withOutput } from '../output/open-output.js';
import type { ResultFormat } from '../sql/formats.js';
import { isMadeByDuckdb, writeResult } from '../sql/result-formats.js';
import { type EventRange, isWholeTrace, whereRange } from './range.js';

/** Called with the number of events that are done. */
export type OnEvents = (events: number) => void;

/** Writes the events as rows of another format. */
export async function exportEvents(
  reader: TraceReader,
  format: ResultFormat,
  output: string | undefined,
  range: EventRange,
  context: Context,
  onEvents: OnEvents,
): Promise<void> {
  const session = await openTraceSession(reader, { files: true, onEvents });
  try {
    const text = `select * exclude (trace) from events ${whereRange(range)}`;
    const file = output !== undefined && isMadeByDuckdb(format) ? madeFile(output, context) : undefined;
    await writeResult({ session, text, parameters: {}, format, output, file }, context);
  } finally {
    await session.close();
  }
}

/** Writes an Arrow file that any reader can open. A whole trace already is one. */
export async function exportArrow(
  reader: TraceReader,
  output: string,
  range: EventRange,
  compress: Compression | 'none' | undefined,
  context: Context,
  onEvents: OnEvents,
): Promise<void> {
  const isWhole = isWholeTrace(range);
  if (compress !== undefined && !isWhole) {
    throw usageError('P2M_FORMAT', 'a part of the events is a table and no trace', 'p2mtrace trim cuts out a trace');
  }
  const compression = compress === 'none' ? undefined : compress;
  if (compress !== undefined && compression !== reader.compression) {
    return withTraceFile(output, context, path => copyTrace(reader, path, compression, onEvents));
  }
  if (!isWhole) return exportEvents(reader, 'arrow', output, range, context, onEvents);
  await withOutput(output, context, async bytes => {
    for await (const piece of createReadStream(reader.path, { highWaterMark: 1 << 20 })) await bytes.append(piece);
  });
}

/** Writes a DuckDB database with the events, all facts and the tables of names. */
export async function exportDatabase(
  reader: TraceReader,
  output: string,
  context: Context,
  onReplayed: OnEvents,
): Promise<void> {
  await madeFile(output, context).write(async path => {
    const session = await openTraceSession(reader, { files: true, onReplayed });
    try {
      await session.define(`attach '${path.replaceAll("'", "''")}' as exported`);
      for (const { name } of TRACE_TABLES) {
        // An experiment, not what was recorded; it takes as long as all facts.
        if (name === 'whatif') continue;
        await session.runAll(`create table exported.${name} as select * exclude (trace) from ${name}`);
      }
      await session.define('detach exported');
    } finally {
      await session.close();
    }
  });
}
