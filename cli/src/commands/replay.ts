import { parsePosition, type StateFilter, type StateView, viewIndex } from '@p2mtrace/replayer';
import { type TraceReader, usageError } from '@p2mtrace/trace-format';
import type { Context, Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { clockOf } from '../render/clock.js';
import { jsonDocument } from '../render/json.js';
import { printLine } from '../render/print-line.js';
import { limited, type RowFormat, writeRows } from '../render/rows.js';
import { summaryJson, summaryText } from '../render/state-summary.js';
import { stateTable } from '../render/state-table.js';
import { withSeconds } from '../render/with-seconds.js';
import type { StateTable } from '../state-tables.js';
import { type ReplayOptions, withReplay } from '../with-replay.js';

interface Options extends ReplayOptions, TraceSettings {
  readonly at: string;
  readonly show: StateTable | 'summary';
  readonly domain?: number;
  readonly view?: string;
  readonly format: RowFormat;
  readonly limit?: number;
}

export const run: Run<readonly [string], Options> = ([path], options, context) => {
  const position = parsePosition(options.at);
  if (options.show === 'summary' && options.format === 'csv') {
    throw usageError('P2M_FORMAT', 'a summary has no rows for csv', 'use --format json, or show a table (see --help)');
  }
  return withTrace(path, options, context, async reader => {
    const { domain: domid, view } = options;
    if (view !== undefined) viewIndex(reader.names, view);
    const filter: StateFilter = { domid, view };
    await withReplay(reader, options, context, trace => show(trace.at(position), reader, filter, options, context));
    return EXIT.fine;
  });
};

async function show(
  { replayer }: StateView,
  reader: TraceReader,
  filter: StateFilter,
  { show: what, format, limit, cpuHz }: Options,
  { out }: Context,
): Promise<void> {
  if (what !== 'summary') {
    const { columns, rows } = stateTable(what, replayer, reader, filter, format);
    const asked = limited(rows, limit);
    const table = format === 'table' ? withSeconds(columns, asked, reader, clockOf(reader, cpuHz)) : undefined;
    await writeRows(out, format, table?.columns ?? columns, table?.rows ?? asked);
  } else if (format === 'table') {
    for (const line of summaryText(replayer, reader, filter)) await printLine(out, line);
  } else {
    await out.write(jsonDocument(summaryJson(replayer, reader, filter), format === 'json' ? 2 : undefined));
  }
}
