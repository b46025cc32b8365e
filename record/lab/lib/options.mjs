import { parseArgs } from 'node:util';
import { LabError } from './lab-error.mjs';

export const USAGE = `npm run lab -- SCENARIO… [--fault NAME]… [--every N] [--xen TREE] -o DIR

Builds Xen with the recorder, boots it in QEMU, runs scenarios with real guests, records, and judges what was recorded.

  --fault NAME      plant this defect; all: each of them in its own scenario
  --every N         how often it strikes (default: as faults.json says)
  --together        all faults of a scenario in one boot
  --xen TREE        a Xen source tree (default: Debian's source package); it is not changed
  -o, --output DIR  where captures, traces, findings and console logs go
  --overhead        what the recorder costs: a stock hypervisor, with the hooks, and while it records
  --real            run the scenario on the Xen host that this is, whose hypervisor has the recorder
  --judge           judge again what DIR has of these runs, or all that it has, and boot none
  --build           make all that scenarios need, and boot none
  --table           print the results of DIR as a table
  --publish         put these results into results.json, which docs/coverage.md shows
  --patience N      all time limits, times N
  --list            scenarios and faults

The exit code is 0 if healthy scenarios gave nothing above a note and every fault was found, else 1.
`;

/** Options of the lab; wrong ones are an error with the usage. */
export function readOptions(args) {
  const wrong = what => new LabError(what, USAGE);
  let parsed;
  try {
    parsed = parseArgs({
      args,
      allowPositionals: true,
      options: {
        fault: { type: 'string', multiple: true, default: [] },
        every: { type: 'string' },
        xen: { type: 'string' },
        output: { type: 'string', short: 'o' },
        overhead: { type: 'boolean', default: false },
        real: { type: 'boolean', default: false },
        together: { type: 'boolean', default: false },
        judge: { type: 'boolean', default: false },
        build: { type: 'boolean', default: false },
        table: { type: 'boolean', default: false },
        publish: { type: 'boolean', default: false },
        patience: { type: 'string', default: '1' },
        list: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw wrong(error.message);
  }
  const { values, positionals } = parsed;
  const whole = (name, text) => {
    if (text !== undefined && !/^[1-9]\d{0,8}$/.test(text)) throw wrong(`--${name} ${text}: not a number from 1`);
    return text === undefined ? undefined : Number(text);
  };
  if (values.output === undefined && !values.build && !values.list && !values.help) throw wrong('-o DIR is missing');
  return {
    ...values,
    scenarios: positionals,
    every: whole('every', values.every),
    patience: whole('patience', values.patience),
  };
}
