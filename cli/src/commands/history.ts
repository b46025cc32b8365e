import {
  type HistoryRow,
  history,
  lastWriteBefore,
  parseExpression,
  parseSubject,
  type Subject,
} from '@p2mtrace/replayer';
import type { TraceReader } from '@p2mtrace/trace-format';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import { checkRange, type RangeOptions, rangeOf } from '../export/range.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { clockOf, secondsOfSeqs } from '../render/clock.js';
import { writeHistory } from '../render/history.js';
import { Progress } from '../render/progress.js';
import { limited, type RowFormat } from '../render/rows.js';
import { type ReplayOptions, withReplay } from '../with-replay.js';

interface Options extends ReplayOptions, RangeOptions, TraceSettings {
  readonly where?: string;
  readonly lastWriteBefore?: number;
  readonly format: RowFormat;
  readonly limit?: number;
}

export const run: Run<readonly [string, string, string], Options> = ([path, about, which], options, context) => {
  const subject = parseSubject(about, which);
  const { lastWriteBefore: before } = options;
  checkRange(options);
  return withTrace(path, options, context, async reader => {
    const rows =
      before === undefined
        ? wholeHistory(reader, subject, options, context)
        : await withReplay(reader, options, context, async trace => lastWriteBefore(trace, subject, before));
    const shown = [...limited(rows, options.limit)];
    const seqs = shown.flatMap(({ from, to }) => [from, to]).filter(seq => seq !== null);
    const seconds = secondsOfSeqs(reader, clockOf(reader, options.cpuHz), seqs);
    await writeHistory(context.out, options.format, shown, seconds);
    return EXIT.fine;
  });
};

function wholeHistory(reader: TraceReader, subject: Subject, options: Options, context: Context): HistoryRow[] {
  const { where, progress: when } = options;
  const { from, to } = rangeOf(reader, options);
  const filter = where === undefined ? undefined : parseExpression(where, reader.names);
  const progress = new Progress(context, when, 'events replayed', reader.rows);
  try {
    // The user names the last event, the library takes the one after it.
    const end = to === undefined ? undefined : to + 1;
    return history(reader, subject, { from, to: end, where: filter, onProgress: progress.update });
  } finally {
    progress.end();
  }
}
