import { parsePosition, rangeBetween, trimTrace } from '@p2mtrace/replayer';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { checkOutput } from '../output-path.js';
import { sayLeftOut, writePieces } from '../render/pieces.js';
import { Progress } from '../render/progress.js';
import type { RowFormat } from '../render/rows.js';
import { sayWritten } from '../render/written.js';

interface Options extends TraceSettings {
  readonly output: string;
  readonly from: string;
  readonly to: string;
  readonly domain?: number[];
  readonly pcpu?: number[];
  readonly format: RowFormat;
  readonly startTime?: bigint;
}

export const run: Run<readonly [string], Options> = ([path], options, context) => {
  const { output, domain: domains, pcpu: pcpus, cpuHz, startTime } = options;
  const [from, to] = [parsePosition(options.from), parsePosition(options.to)];
  checkOutput(output, path);
  return withTrace(path, options, context, async reader => {
    const range = rangeBetween(reader, from, to, cpuHz, startTime);
    const progress = new Progress(context, options.progress, 'events', reader.rows);
    const filter = { domains, pcpus };
    try {
      const piece = trimTrace(reader, output, range, filter, { onProgress: progress.update });
      progress.end();
      sayWritten(context, output);
      await writePieces(context.out, options.format, [piece]);
      sayLeftOut(context.err, [piece], { domains: domains !== undefined, pcpus: pcpus !== undefined });
    } finally {
      progress.end();
    }
    return EXIT.fine;
  });
};
