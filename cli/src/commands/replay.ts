import { parsePosition, type Replayer, replayTrace, resolvePosition, type StateFilter } from '@p2mtrace/replayer';
import { type TraceReader, usageError } from '@p2mtrace/trace-format';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import { withTrace } from '../open-trace.js';
import { jsonText } from '../render/json.js';
import { Progress } from '../render/progress.js';
import { limited, type RowFormat, writeRows } from '../render/rows.js';
import { summaryJson, summaryText } from '../render/state-summary.js';
import { stateTable } from '../render/state-table.js';
import type { StateTable } from '../state-tables.js';

interface Options {
  readonly at: string;
  readonly show: StateTable | 'summary';
  readonly domain?: number;
  readonly view?: string;
  readonly format: RowFormat;
  readonly limit?: number;
  readonly cpuHz?: number;
  readonly progress?: string;
}

export const run: Run<readonly [string], Options> = ([path], options, context) => {
  const position = parsePosition(options.at);
  if (options.show === 'summary' && options.format === 'csv') {
    throw usageError('P2M_FORMAT', 'a summary has no rows for csv', 'use --format json, or show a table (see --help)');
  }
  return withTrace(path, context, async reader => {
    const until = resolvePosition(reader, position, options.cpuHz);
    const filter: StateFilter = { domid: options.domain, view: knownView(reader, options.view) };
    const replayer = replayed(reader, until, options, context);
    await show(replayer, reader, filter, options, context);
    return EXIT.fine;
  });
};

function knownView(reader: TraceReader, view: string | undefined): string | undefined {
  if (view === undefined || reader.names.view.includes(view)) return view;
  throw usageError('P2M_VIEW', `the trace has no view ${view}`, `it has ${reader.names.view.join(', ')}`);
}

function replayed(reader: TraceReader, until: number, options: Options, context: Context): Replayer {
  const progress = new Progress(
    context,
    options.progress,
    'events replayed',
    until - (reader.batches[0]?.firstSeq ?? 0),
  );
  try {
    return replayTrace(reader, { until, onProgress: progress.update });
  } finally {
    progress.end();
  }
}

async function show(
  replayer: Replayer,
  reader: TraceReader,
  filter: StateFilter,
  { show: what, format, limit }: Options,
  { out }: Context,
): Promise<void> {
  if (what !== 'summary') {
    const { columns, rows } = stateTable(what, replayer, reader, filter, format);
    await writeRows(out, format, columns, limited(rows, limit));
  } else if (format === 'table') {
    for (const line of summaryText(replayer, reader, filter)) await out.write(`${line}\n`);
  } else {
    await out.write(`${jsonText(summaryJson(replayer, reader, filter), format === 'json' ? 2 : undefined)}\n`);
  }
}
