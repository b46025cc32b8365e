import { sliceTrace } from '@p2mtrace/analyzers';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { namedFinding } from '../named-finding.js';
import { type TraceSettings, withTrace } from '../open-trace.js';
import { besideOutput } from '../output/beside-output.js';
import { withTraceFile } from '../output/made-file.js';
import { loadPlugins, type PluginOptions } from '../plugins/load-plugins.js';
import { count, counted } from '../render/cell.js';
import { jsonDocument } from '../render/json.js';
import { Progress } from '../render/progress.js';
import { sayWritten } from '../render/written.js';
import { type ReplayOptions, withReplay } from '../with-replay.js';

interface Options extends ReplayOptions, PluginOptions, TraceSettings {
  readonly output: string;
  readonly tries?: number;
  readonly format: 'pretty' | 'json';
}

export const run: Run<readonly [string, string], Options> = async ([path, name], options, context) => {
  const { output, tries, format } = options;
  checkOutputs([output], [path]);
  const out = besideOutput(output, context);
  const plugins = await loadPlugins(options);
  return withTrace(path, options, context, async reader => {
    const found = await namedFinding(reader, name, plugins, { context, progress: options.progress });
    await withReplay(reader, options, context, async replay => {
      const trying = new Progress(context, options.progress, 'events tried');
      const slice = await withTraceFile(output, context, file =>
        sliceTrace(replay, found, file, { plugins, tries, onTry: trying.update }),
      ).finally(() => trying.end());
      const { seqs, snapshots, context: writes, isMinimal } = slice;
      const kept = writes.length === 0 ? '' : ` but ${counted(writes.length, 'event')}, kept to read it`;
      sayWritten(context, output);
      if (format === 'json') await out.write(jsonDocument({ ...slice, path: output, of: reader.rows }));
      else {
        const size = `${counted(seqs.length, 'event')} of ${count(reader.rows)}, behind ${counted(snapshots, 'snapshot')}`;
        await out.write(`${output}: ${size}; ${isMinimal ? `none can go${kept}` : 'more might go (--tries)'}\n`);
        await out.write(`${seqs.map(seq => `#${seq}`).join(' ')}\n`);
        await out.write(`p2mtrace explain ${output} ${found.finding.id}\n`);
      }
    });
    return EXIT.fine;
  });
};
