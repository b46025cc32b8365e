import { parsePosition, rangeBetween, trimTrace } from '@p2mtrace/replayer';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { besideOutput } from '../output/beside-output.js';
import { withTraceFile } from '../output/made-file.js';
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
  checkOutputs([output], [path]);
  return withTrace(path, options, context, async reader => {
    const range = rangeBetween(reader, from, to, cpuHz, startTime);
    const progress = new Progress(context, options.progress, 'events', reader.rows);
    const filter = { domains, pcpus };
    try {
      const piece = await withTraceFile(output, context, async path => {
        return { ...trimTrace(reader, path, range, filter, { onProgress: progress.update }), path: output };
      });
      progress.end();
      sayWritten(context, output);
      await writePieces(besideOutput(output, context), options.format, [piece]);
      sayLeftOut(context.err, [piece], { domains: domains !== undefined, pcpus: pcpus !== undefined });
    } finally {
      progress.end();
    }
    return EXIT.fine;
  });
};
