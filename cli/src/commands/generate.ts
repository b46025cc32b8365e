import { faultRules, generateTrace } from '@p2mtrace/analyzers';
import type { Run } from '../command.js';
import { EXIT } from '../exit.js';
import { checkOutput } from '../output-path.js';
import { count } from '../render/cell.js';
import { jsonText } from '../render/json.js';

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
}

export const run: Run<readonly [], Options> = async (_, { output, fault = [], late, ...options }, { out, err }) => {
  checkOutput(output, '-');
  const faults = fault.flatMap(names => (names === 'all' ? faultRules() : names.split(',')));
  const { events, planted } = await generateTrace(output, { ...options, faults, late: late / 100 });
  err.say(`${output}: ${count(events)} events, ${planted.length} faults\n`);
  for (const fault of planted) await out.write(`${jsonText(fault)}\n`);
  return EXIT.fine;
};
