import { symbolizeTrace } from '@p2mtrace/trace-format';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { withTraceFile } from '../output/made-file.js';
import { counted } from '../render/cell.js';
import { Progress } from '../render/progress.js';
import { sayWritten } from '../render/written.js';
import { callSites } from '../symbols/call-sites.js';

interface Options extends TraceSettings {
  readonly output: string;
}

export const run: Run<readonly [string, string], Options> = ([path, file], options, context) => {
  const { output } = options;
  checkOutputs([output], [path, file]);
  return withTrace(path, options, context, async reader => {
    const sites = callSites(reader, file);
    const progress = new Progress(context, options.progress, 'events', reader.rows);
    await withTraceFile(output, context, made => symbolizeTrace(reader, made, sites, progress.update)).finally(() =>
      progress.end(),
    );
    sayWritten(context, output);
    const lines = [...sites.values()].filter(({ line }) => line !== undefined).length;
    const all = reader.names.caller.length;
    context.err.say(`${counted(all, 'call site')}: ${sites.size} with a function, ${lines} with a line of source\n`);
    return EXIT.fine;
  });
};
