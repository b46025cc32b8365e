import { exportNdjson, type TraceReader, usageError } from '@p2mtrace/trace-format';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import { checkRange, type EventRange } from '../export/range.js';
import { exportArrow, exportDatabase, exportEvents } from '../export/tables.js';
import { writeTimeline } from '../export/timeline.js';
import { withTrace } from '../open-trace.js';
import { withText } from '../output/text-output.js';

/** Forms of `p2mtrace export`. */
export type ExportFormat = 'ndjson' | 'csv' | 'arrow' | 'parquet' | 'duckdb' | 'perfetto';

interface Options extends EventRange {
  readonly format: ExportFormat;
  readonly output?: string;
  readonly cpuHz?: number;
}

export const run: Run<readonly [string], Options> = async ([path], options, context) => {
  const { output, format } = options;
  if (output !== undefined) checkOutputs([output], [path]);
  checkRange(options);
  return withTrace(path, context, async reader => {
    if (format === 'ndjson' || format === 'perfetto') await writeText(reader, options, context);
    else if (format === 'csv') await exportEvents(reader, format, output, options, context);
    else if (output === undefined) {
      throw usageError('P2M_FORMAT', `${format} is written to a file`, `name it: -o trace.${format}`);
    } else if (format === 'duckdb') await exportDatabase(reader, output, context);
    else if (format === 'arrow') await exportArrow(reader, output, options, context);
    else await exportEvents(reader, format, output, options, context);
    return EXIT.fine;
  });
};

function writeText(reader: TraceReader, options: Options, context: Context): Promise<void> {
  const { output, format, from, to, cpuHz } = options;
  return withText(output, context, async text => {
    if (format === 'perfetto') await writeTimeline(reader, text, { from, to }, cpuHz ?? reader.metadata.tscHz);
    // The user names the last event, the library takes the one after it.
    else await exportNdjson(reader, piece => text.write(piece), { from, to: to === undefined ? undefined : to + 1 });
  });
}
