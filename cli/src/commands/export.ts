import { renameSync, rmSync } from 'node:fs';
import { exportNdjson, type TraceReader, usageError } from '@p2mtrace/trace-format';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import { checkRange, type EventRange, type RangeOptions, rangeOf } from '../export/range.js';
import { exportArrow, exportDatabase, exportEvents, type OnEvents } from '../export/tables.js';
import { writeTimeline } from '../export/timeline.js';
import { FileText } from '../file-text.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { checkOutput } from '../output-path.js';
import { Progress } from '../render/progress.js';
import type { TextOut } from '../render/rows.js';
import { sayWritten } from '../render/written.js';

/** Forms of `p2mtrace export`. */
export type ExportFormat = 'ndjson' | 'csv' | 'arrow' | 'parquet' | 'duckdb' | 'perfetto';

interface Options extends RangeOptions, TraceSettings {
  readonly format: ExportFormat;
  readonly output?: string;
}

export const run: Run<readonly [string], Options> = async ([path], options, context) => {
  const { output, format } = options;
  if (output !== undefined) checkOutput(output, path);
  checkRange(options);
  return withTrace(path, options, context, async reader => {
    const range = rangeOf(reader, options);
    // Not between the lines of the data.
    const when = output === undefined && context.out.isTty ? 'never' : options.progress;
    const progress = new Progress(context, when, 'events', reader.rows);
    const onProgress = progress.update;
    try {
      if (format === 'ndjson' || format === 'perfetto') await writeText(reader, range, options, context, onProgress);
      else if (format === 'csv' && output === undefined)
        await exportEvents(reader, format, output, range, context, onProgress);
      else if (output === undefined)
        throw usageError('P2M_FORMAT', `${format} is written to a file`, `name it: -o trace.${format}`);
      else await toFile(output, partial => writeFile(reader, partial, format, range, context, onProgress));
    } finally {
      progress.end();
    }
    if (output !== undefined) sayWritten(context, output);
    return EXIT.fine;
  });
};

async function writeText(
  reader: TraceReader,
  { from, to }: EventRange,
  options: Options,
  { out }: Context,
  onProgress: OnEvents,
) {
  const { output, format, cpuHz } = options;
  const write = async (text: TextOut) => {
    if (format === 'perfetto')
      await writeTimeline(reader, text, { from, to }, onProgress, cpuHz ?? reader.metadata.tscHz);
    // The user names the last event, the library takes the one after it.
    else {
      const end = to === undefined ? undefined : to + 1;
      await exportNdjson(reader, piece => text.write(piece), { from, to: end, onProgress });
    }
  };
  if (output === undefined) return write(out);
  await toFile(output, async partial => {
    const file = new FileText(partial);
    try {
      await write(file);
    } finally {
      await file.close();
    }
  });
}

async function writeFile(
  reader: TraceReader,
  path: string,
  format: ExportFormat,
  range: EventRange,
  context: Context,
  onProgress: OnEvents,
): Promise<void> {
  if (format === 'duckdb') await exportDatabase(reader, path, onProgress);
  else if (format === 'arrow') await exportArrow(reader, path, range, context, onProgress);
  else await exportEvents(reader, format as 'csv' | 'parquet', path, range, context, onProgress);
}

/** Makes a file that gets its name when it is complete. */
async function toFile(output: string, make: (partial: string) => Promise<void>): Promise<void> {
  const partial = `${output}.partial`;
  rmSync(partial, { force: true });
  try {
    await make(partial);
    renameSync(partial, output);
  } finally {
    rmSync(partial, { force: true });
    rmSync(`${partial}.wal`, { force: true });
  }
}
