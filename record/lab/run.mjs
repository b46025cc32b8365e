/**
 * npm run lab: from a Xen tree to findings, without Xen hardware. Prepares a hypervisor with the recorder and planted
 * defects, boots each scenario in QEMU, and compares what p2mtrace finds with what the hypervisor says it did.
 */
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { LabError } from './lib/lab-error.mjs';
import { readOptions, USAGE } from './lib/options.mjs';
import { overhead, overheadTable } from './lib/overhead.mjs';
import { isGood, Performance, RESULT } from './lib/performance.mjs';
import { runHere } from './lib/real.mjs';
import { prepare } from './lib/steps.mjs';
import { tableOf } from './lib/table.mjs';

const lab = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(lab));
const program = join(root, 'cli', 'bin', 'p2mtrace.js');
const FAULTS = JSON.parse(readFileSync(join(lab, 'faults', 'faults.json'), 'utf8'));
const SCENARIOS = readdirSync(join(lab, 'scenarios')).map(name => name.replace(/\.sh$/, ''));

const say = text => process.stderr.write(`lab: ${text}\n`);

/** What is to be booted: healthy scenarios, or faults with the scenario that shows them. */
function runsOf({ scenarios, fault, every }) {
  const unknown = scenarios.find(name => !SCENARIOS.includes(name));
  if (unknown !== undefined) throw new LabError(`no scenario ${unknown}`, `there are: ${SCENARIOS.join(', ')}`);
  const names = fault.includes('all') ? Object.keys(FAULTS) : fault;
  const strange = names.find(name => !Object.hasOwn(FAULTS, name));
  if (strange !== undefined) throw new LabError(`no fault ${strange}`, `there are: ${Object.keys(FAULTS).join(', ')}`);
  if (names.length === 0) return scenarios.map(scenario => ({ scenario, faults: [] }));
  return names.flatMap(name => {
    const own = scenarios.length > 0 ? scenarios : [FAULTS[name].scenario];
    return own.map(scenario => ({ scenario, faults: [{ name, every: every ?? FAULTS[name].every }] }));
  });
}

/** Of all faults those that this hypervisor has; one that was named must be there. */
function possible(runs, { fault }, { planted }) {
  return fault.includes('all') ? runs.filter(({ faults }) => faults.every(({ name }) => planted.includes(name))) : runs;
}

/** One run for all faults of a scenario, if that is wanted; those that stop the machine stay alone. */
function joined(runs, { together, fault }) {
  if (!together || fault.length === 0) return runs;
  const byScenario = new Map();
  const alone = [];
  for (const run of runs) {
    if (FAULTS[run.faults[0].name].ends) alone.push(run);
    else byScenario.set(run.scenario, [...(byScenario.get(run.scenario) ?? []), ...run.faults]);
  }
  return [...[...byScenario].map(([scenario, faults]) => ({ scenario, faults })), ...alone];
}

/** The rows of all runs that left their result in a folder. */
function rowsIn(output) {
  const paths = readdirSync(output)
    .map(name => join(output, name, RESULT))
    .filter(path => existsSync(path));
  return paths.flatMap(path => JSON.parse(readFileSync(path, 'utf8')));
}

/** Rows that docs/coverage.md shows: those measured now take the place of earlier ones. A fault that had no chance is none. */
function publish(rows) {
  const path = join(lab, 'results.json');
  const nameOf = ({ fault, scenario, xen }) => `${scenario} ${fault ?? ''} ${xen}`;
  const told = rows.filter(({ fault, strikes }) => fault === null || strikes > 0);
  const all = new Map([...JSON.parse(readFileSync(path, 'utf8')), ...told].map(row => [nameOf(row), row]));
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  writeFileSync(path, `${JSON.stringify(sorted, null, 2)}\n`);
}

/** Hypervisor, initramfs and the like. */
function made({ xen, patience }, kinds) {
  const cache = join(root, 'node_modules', '.cache', 'p2mtrace-lab');
  const tree = xen === undefined ? undefined : resolve(xen);
  return prepare({ root, cache, tree, faults: FAULTS, kinds, patience, say });
}

/** Boots the same work on a stock hypervisor, one with the hooks, and one that records, and prints what each took. */
async function measureOverhead(options, output) {
  const machine = await made(options, ['recorder', 'stock']);
  const folder = join(output, `overhead-${machine.release}`);
  process.stdout.write(overheadTable(await overhead({ machine, lab, folder, patience: options.patience, say })));
}

/** A run that could not be made is told, and the next one is made all the same. */
async function tried(action) {
  try {
    return await action();
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    process.stderr.write(`lab: ${error.message}\n  ${error.remedy}\n`);
    process.exitCode = error.remedy === USAGE ? 2 : 3;
  }
}

async function main() {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return process.stdout.write(USAGE);
  if (options.list) {
    for (const name of SCENARIOS) process.stdout.write(`${name}\n`);
    for (const [name, { what, source }] of Object.entries(FAULTS))
      process.stdout.write(`--fault ${name}: ${what} (${source})\n`);
    return;
  }
  if (options.build) return void (await made(options));
  const output = resolve(options.output);
  if (options.overhead) return await measureOverhead(options, output);
  const runs = runsOf(options);
  if (runs.length === 0 && !options.judge && !options.table && !options.publish)
    throw new LabError('no scenario is named', USAGE);
  const performance = new Performance({ lab, program, faults: FAULTS, output, patience: options.patience, say });
  const rows = [];
  const each = async (list, action) => {
    for (const one of list) rows.push(...((await tried(() => action(one))) ?? []));
  };
  if (options.judge) await each(performance.recorded(joined(runs, options)), name => performance.judge(name));
  else if (options.real) await each(runs, run => runHere({ run, lab, performance, say }));
  else if (runs.length > 0) {
    const machine = await made(options);
    await each(joined(possible(runs, options, machine), options), run => performance.play(run, machine));
  }
  if (options.publish) publish(rowsIn(output));
  if (options.table) process.stdout.write(tableOf(rowsIn(output)));
  if (!rows.every(isGood)) process.exitCode ??= 1;
}

await tried(main);
