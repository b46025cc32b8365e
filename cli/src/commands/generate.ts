import { faultRules, generateTrace } from '@p2mtrace/analyzers';
import { checkOutputs } from '@p2mtrace/trace-format/output';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { besideOutput } from '../output/beside-output.js';
import { withTraceFile } from '../output/made-file.js';
import { count } from '../render/cell.js';
import { jsonText } from '../render/json.js';
import { Progress } from '../render/progress.js';
import { sayWritten } from '../render/written.js';

interface Options {
  readonly output: string;
  readonly scenario: string;
  readonly events: number;
  readonly seed: number;
  readonly fault?: readonly string[];
  readonly guests: number;
  readonly pcpus: number;
  readonly late: number;
  readonly skew: number;
  readonly progress?: string;
}

export const run: Run<readonly [], Options> = async (
  _,
  { output, fault = [], late, progress: when, ...options },
  context,
) => {
  checkOutputs([output], []);
  const out = besideOutput(output, context);
  const faults = fault.flatMap(names => (names === 'all' ? faultRules() : names.split(',')));
  const progress = new Progress(context, when, 'events', options.events);
  const workload = { ...options, faults, late: late / 100, onProgress: progress.update };
  const { events, planted } = await withTraceFile(output, context, path => generateTrace(path, workload)).finally(() =>
    progress.end(),
  );
  sayWritten(context, output, `${count(events)} events, ${planted.length} faults`);
  for (const fault of planted) await out.write(`${jsonText(fault)}\n`);
  return EXIT.fine;
};
