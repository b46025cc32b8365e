import { type Compression, exportNdjson, exportStd, type TraceReader, usageError } from '@p2mtrace/trace-format';
import { checkOutputs, isStdout } from '@p2mtrace/trace-format/output';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import { writeEventLines } from '../export/event-lines.js';
import { checkRange, type EventRange, type RangeOptions, rangeOf } from '../export/range.js';
import { exportArrow, exportDatabase, exportEvents, type OnEvents } from '../export/tables.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { withOutput } from '../output/open-output.js';
import { withText } from '../output/text-output.js';
import { clockOf } from '../render/clock.js';
import { Progress } from '../render/progress.js';
import { sayWritten } from '../render/written.js';
import { exportLockOrder } from '../report/lock-order-picture.js';
import { TraceEventJson } from '../timeline/trace-event-json.js';
import { TrackEventFile } from '../timeline/track-event.js';
import { writeTimeline } from '../timeline/write-timeline.js';

/** Forms of `p2mtrace export`. */
export type ExportFormat =
  | 'ndjson'
  | 'text'
  | 'csv'
  | 'arrow'
  | 'parquet'
  | 'duckdb'
  | 'perfetto'
  | 'pftrace'
  | 'std'
  | 'dot'
  | 'svg';

interface Options extends RangeOptions, TraceSettings {
  readonly format: ExportFormat;
  readonly output?: string;
  readonly compress?: Compression | 'none';
}

export const run: Run<readonly [string], Options> = async ([path], options, context) => {
  const { output, format } = options;
  if (output !== undefined) checkOutputs([output], [path]);
  checkRange(options);
  if (options.compress !== undefined && format !== 'arrow') {
    throw usageError('P2M_FORMAT', '--compress is for traces', '--format arrow, or compress the file afterwards');
  }
  if ((format === 'dot' || format === 'svg') && (options.from ?? options.to) !== undefined) {
    throw usageError(
      'P2M_FORMAT',
      `${format} is of the whole trace`,
      'leave out --from and --to, or trim the trace first',
    );
  }
  return withTrace(path, options, context, async reader => {
    const range = rangeOf(reader, options);
    // Not between the lines of the data.
    const isPrinted = output === undefined || isStdout(output);
    const progress = new Progress(
      context,
      isPrinted && context.out.isTty ? 'never' : options.progress,
      'events',
      reader.rows,
    );
    const onEvents = progress.update;
    try {
      if (isText(format)) await writeText(reader, range, { ...options, format }, context, onEvents);
      else if (format === 'csv') await exportEvents(reader, format, output, range, context, onEvents);
      else if (output === undefined) {
        throw usageError('P2M_FORMAT', `${format} is written to a file`, `name it: -o trace.${format}`);
      } else if (format === 'duckdb') await exportDatabase(reader, output, context, onEvents);
      else if (format === 'pftrace') await exportPackets(reader, output, range, options, context, onEvents);
      else if (format === 'arrow') await exportArrow(reader, output, range, options.compress, context, onEvents);
      else await exportEvents(reader, format, output, range, context, onEvents);
    } finally {
      progress.end();
    }
    if (output !== undefined) sayWritten(context, output);
    return EXIT.fine;
  });
};

const TEXTS = ['ndjson', 'text', 'perfetto', 'std', 'dot', 'svg'] as const;
type TextFormat = (typeof TEXTS)[number];
const isText = (format: ExportFormat): format is TextFormat => TEXTS.some(one => one === format);

function writeText(
  reader: TraceReader,
  { from, to }: EventRange,
  { output, format, cpuHz }: Options & { readonly format: TextFormat },
  context: Context,
  onProgress: OnEvents,
): Promise<void> {
  return withText(output, context, async text => {
    if (format === 'dot' || format === 'svg') await exportLockOrder(reader, format, text, onProgress);
    else if (format === 'text') await writeEventLines(reader, text, { from, to }, clockOf(reader, cpuHz), onProgress);
    else if (format === 'perfetto') {
      await writeTimeline(reader, new TraceEventJson(text), { from, to }, onProgress, cpuHz ?? reader.metadata.tscHz);
    } else {
      // The user names the last event, the library takes the one after it.
      const end = to === undefined ? undefined : to + 1;
      const exporter = format === 'std' ? exportStd : exportNdjson;
      await exporter(reader, piece => text.write(piece), { from, to: end, onProgress });
    }
  });
}

function exportPackets(
  reader: TraceReader,
  output: string,
  range: EventRange,
  { cpuHz }: Options,
  context: Context,
  onProgress: OnEvents,
): Promise<void> {
  return withOutput(output, context, bytes =>
    writeTimeline(reader, new TrackEventFile(bytes), range, onProgress, cpuHz ?? reader.metadata.tscHz),
  );
}
