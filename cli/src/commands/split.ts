import {
  domainsOf,
  type Piece,
  type PieceOptions,
  type PieceRange,
  parseDuration,
  pcpusOf,
  rangesOfEvents,
  rangesOfTime,
  splitByFilter,
  splitTrace,
} from '@p2mtrace/replayer';
import { type TraceReader, usageError } from '@p2mtrace/trace-format';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { counted } from '../render/cell.js';
import { sayLeftOut, writePieces } from '../render/pieces.js';
import { Progress } from '../render/progress.js';
import type { RowFormat } from '../render/rows.js';

interface Options extends TraceSettings {
  readonly output: string;
  readonly every?: string;
  readonly into?: number;
  readonly by?: 'domain' | 'pcpu';
  readonly format: RowFormat;
}

/** In the name of the output: replaced by the number of the piece, the domid or the pcpu. */
const NUMBER = '{n}';

export const run: Run<readonly [string], Options> = ([path], options, context) => {
  const { output, every, into, by } = options;
  if ([every, into, by].filter(option => option !== undefined).length !== 1) {
    throw usageError('P2M_PIECES', 'say where to cut with --every, --into or --by', 'such as --every 100ms');
  }
  if (!output.includes(NUMBER)) {
    throw usageError('P2M_PIECES', `--output names one file for all pieces`, `put ${NUMBER} where the number goes`);
  }
  return withTrace(path, options, context, async reader => {
    const progress = new Progress(context, options.progress, 'events', reader.rows);
    const names: string[] = [];
    const pathOf = (number: number, width = 1) => {
      const name = output.replaceAll(NUMBER, String(number).padStart(width, '0'));
      names.push(name);
      checkOutputs(names, [path]);
      return name;
    };
    try {
      const pieces = split(reader, options, pathOf, { onProgress: progress.update });
      progress.end();
      if (pieces.length === 0) throw usageError('P2M_PIECES', `no event has a ${by}`, 'cut it by --every or --into');
      context.err.note(`${output}: ${counted(pieces.length, 'piece')}\n`);
      await writePieces(context.out, options.format, pieces);
      sayLeftOut(context.err, pieces, { domains: by === 'domain', pcpus: by === 'pcpu' });
    } finally {
      progress.end();
    }
    return EXIT.fine;
  });
};

function split(
  reader: TraceReader,
  { every, into, by, cpuHz }: Options,
  pathOf: (number: number, width?: number) => string,
  options: PieceOptions,
): Piece[] {
  if (by === 'domain') {
    const specs = domainsOf(reader).map(domid => ({ path: pathOf(domid), filter: { domains: [domid] } }));
    return splitByFilter(reader, specs, options);
  }
  if (by === 'pcpu') {
    const specs = pcpusOf(reader).map(pcpu => ({ path: pathOf(pcpu), filter: { pcpus: [pcpu] } }));
    return splitByFilter(reader, specs, options);
  }
  const ranges = every === undefined ? rangesInto(reader, into ?? 1) : rangesEvery(reader, every, cpuHz);
  const width = String(ranges.length).length;
  return splitTrace(reader, ranges, i => pathOf(i + 1, width), options);
}

function rangesInto(reader: TraceReader, pieces: number): PieceRange[] {
  return rangesOfEvents(reader, Math.max(1, Math.ceil(reader.rows / pieces)));
}

function rangesEvery(reader: TraceReader, length: string, cpuHz: number | undefined): PieceRange[] {
  const nanoseconds = parseDuration(length);
  if (nanoseconds !== undefined) return rangesOfTime(reader, nanoseconds, cpuHz);
  const events = /^\d+$/.test(length) ? Number(length) : 0;
  if (events > 0 && Number.isSafeInteger(events)) return rangesOfEvents(reader, events);
  throw usageError(
    'P2M_PIECES',
    `--every ${length} is neither a number of events nor a time`,
    'such as 250000 or 100ms',
  );
}
