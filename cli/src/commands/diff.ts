import { type DiffTable, diffStates, parsePosition, type Replay, summarize } from '@p2mtrace/replayer';
import { usageError } from '@p2mtrace/trace-format';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { writeChanges, writeSummary } from '../render/changes.js';
import { limited, type RowFormat } from '../render/rows.js';
import { type ReplayOptions, withReplay } from '../with-replay.js';

interface Options extends ReplayOptions, TraceSettings {
  readonly from?: string;
  readonly to?: string;
  readonly at?: string;
  readonly only?: DiffTable[];
  readonly domain?: number;
  readonly summary?: boolean;
  readonly format: RowFormat;
  readonly limit?: number;
}

export const run: Run<readonly [string, string | undefined], Options> = ([path, other], options, context) => {
  const { at, only: tables, domain: domid, format, limit } = options;
  if (other === undefined && at !== undefined) {
    throw usageError('P2M_RANGE', '--at is for two traces, and there is only one', 'use --from and --to');
  }
  const from = parsePosition(options.from ?? at ?? (other === undefined ? 'start' : 'end'));
  const to = parsePosition(options.to ?? at ?? 'end');

  const compare = async (first: Replay, second: Replay) => {
    const changes = diffStates(first.at(from), second.at(to), { domid, tables });
    if (options.summary === true) await writeSummary(context.out, format, limited(summarize(changes), limit));
    else await writeChanges(context.out, format, limited(changes, limit));
    return EXIT.fine;
  };
  return withTrace(path, options, context, reader =>
    withReplay(reader, options, context, first =>
      other === undefined
        ? withReplay(reader, options, context, second => compare(first, second))
        : withTrace(other, options, context, also =>
            withReplay(also, options, context, second => compare(first, second)),
          ),
    ),
  );
};
