/**
 * npm run lab: from a Xen tree to findings, without Xen hardware. Prepares a hypervisor with the recorder and planted
 * defects, boots each scenario in QEMU, and compares what p2mtrace finds with what the hypervisor says it did.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { boot, endOf } from './lib/boot.mjs';
import { compareWithConsole, judge, unpackLogs } from './lib/judge.mjs';
import { LabError } from './lib/lab-error.mjs';
import { readOptions, USAGE } from './lib/options.mjs';
import { runHere } from './lib/real.mjs';
import { prepare } from './lib/steps.mjs';
import { tableOf } from './lib/table.mjs';

const lab = dirname(fileURLToPath(import.meta.url));
const root = dirname(dirname(lab));
const program = join(root, 'cli', 'bin', 'p2mtrace.js');
const FAULTS = JSON.parse(readFileSync(join(lab, 'faults', 'faults.json'), 'utf8'));
const SCENARIOS = readdirSync(join(lab, 'scenarios')).map(name => name.replace(/\.sh$/, ''));
/** Seconds for a machine with its scenario, and for what comes after it. */
const LIMITS = { boot: 900, judge: 900 };
const RESULT = 'result.json';

const say = text => process.stderr.write(`lab: ${text}\n`);

/** What is to be booted: healthy scenarios, or faults with the scenario that shows them. */
function runsOf({ scenarios, fault, every, together }) {
  const unknown = scenarios.find(name => !SCENARIOS.includes(name));
  if (unknown !== undefined) throw new LabError(`no scenario ${unknown}`, `there are: ${SCENARIOS.join(', ')}`);
  const names = fault.includes('all') ? Object.keys(FAULTS) : fault;
  const strange = names.find(name => !Object.hasOwn(FAULTS, name));
  if (strange !== undefined) throw new LabError(`no fault ${strange}`, `there are: ${Object.keys(FAULTS).join(', ')}`);
  if (names.length === 0) return scenarios.map(scenario => ({ scenario, faults: [] }));
  const single = names.flatMap(name => {
    const own = scenarios.length > 0 ? scenarios : [FAULTS[name].scenario];
    return own.map(scenario => ({ scenario, faults: [{ name, every: every ?? FAULTS[name].every }] }));
  });
  return together ? joined(single) : single;
}

/** One run for all faults of a scenario; those that stop the machine stay alone. */
function joined(runs) {
  const byScenario = new Map();
  const alone = [];
  for (const run of runs) {
    if (FAULTS[run.faults[0].name].ends) alone.push(run);
    else byScenario.set(run.scenario, [...(byScenario.get(run.scenario) ?? []), ...run.faults]);
  }
  return [...[...byScenario].map(([scenario, faults]) => ({ scenario, faults })), ...alone];
}

/** The part of a name that says which faults there are. */
const suffixOf = faults => (faults.length > 1 ? '-together' : faults.map(({ name }) => `-${name}`).join(''));

/** Boots one scenario, judges what it recorded, and returns its rows of the table. */
async function perform(run, made, { output, patience }) {
  const { scenario, faults } = run;
  const foreign = faults.find(({ name }) => !made.planted.includes(name));
  if (foreign !== undefined) {
    throw new LabError(`${foreign.name} matches nothing in Xen ${made.release}`, 'its patch is for other versions');
  }
  const folder = join(output, `${scenario}${suffixOf(faults)}`);
  mkdirSync(folder, { recursive: true });
  const options = limit => ({ log: join(folder, 'lab.log'), limit: limit * patience });
  const start = Date.now();
  const chosen = faults.map(({ name, every }) => `${name}:${every}`).join(',');
  say(`${scenario}${chosen === '' ? '' : ` with ${chosen}`} …`);
  const xenArguments = chosen === '' ? '' : `lab=${chosen}`;
  await boot({ ...made, lab, scenario, xenArguments, folder, options: options(LIMITS.boot) });
  const end = endOf(join(folder, 'console.log'));
  const took = ((Date.now() - start) / 1000).toFixed(0);
  say(`${scenario}: ${end.how}${end.why === undefined ? '' : ` (${end.why})`}, ${took} s`);
  unpackLogs(folder);
  if (end.how !== 'done' && !faults.some(({ name }) => FAULTS[name].ends)) {
    throw new LabError(`${scenario}: ${end.how}: ${end.why}`, `see ${join(folder, 'console.log')}`);
  }
  const symbols = join(made.hypervisor, 'symbols');
  return judged({ run, release: made.release, symbols, folder, ended: end.how, options });
}

/** Imports and analyzes what a run left, and keeps the results beside it. */
async function judged({ run, release, symbols, folder, ended, options }) {
  const { scenario, faults } = run;
  const judging = options(LIMITS.judge);
  const { trace, report } = await judge({ program, folder, symbols, release, options: judging });
  const rules = Object.fromEntries(faults.map(({ name }) => [name, FAULTS[name].rules]));
  const compared = compareWithConsole({ program, folder, trace, report, rules, options: judging });
  const divergences = report.divergences.reduce((sum, { count }) => sum + count, 0);
  const about = { scenario, xen: release, ended, divergences, others: compared.others.length };
  const healthy = { fault: null, ...about };
  const rows = compared.faults.map(({ missed, ...result }) => ({ ...about, ...result }));
  if (faults.length === 0) rows.push(healthy);
  writeFileSync(join(folder, RESULT), `${JSON.stringify(rows, null, 2)}\n`);
  tell(report, rows, folder);
  return rows;
}

function tell(report, rows, folder) {
  for (const { severity, rule, signature, count, title } of report.findings) {
    process.stdout.write(`${severity} ${count} × ${rule}: ${title}  [${signature}]\n`);
  }
  for (const { about, count, text } of report.divergences) {
    process.stdout.write(`divergence ${count} × ${about}: ${text}\n`);
  }
  for (const { fault, strikes, unrecorded, found, expected, named } of rows.filter(row => row.fault !== null)) {
    const behind = unrecorded === 0 ? '' : ` (${unrecorded} more behind the last record)`;
    say(`${fault}: ${strikes} strikes${behind}, ${found} found, ${expected} by its rule, ${named} with the function`);
  }
  say(`${rows[0].others} findings above a note that no strike explains; all of it is in ${folder}`);
}

/** Whether a run went as it should. */
const good = ({ fault, divergences, others, strikes, expected }) =>
  others === 0 && (fault === null ? divergences === 0 : strikes > 0 && expected === strikes);

/** The rows of all runs that left their result in a folder. */
function rowsIn(output) {
  const paths = readdirSync(output)
    .map(name => join(output, name, RESULT))
    .filter(path => existsSync(path));
  return paths.flatMap(path => JSON.parse(readFileSync(path, 'utf8')));
}

/** Rows that docs/coverage.md shows: those measured now take the place of earlier ones. */
function publish(rows) {
  const path = join(lab, 'results.json');
  const nameOf = ({ fault, scenario, xen }) => `${scenario} ${fault ?? ''} ${xen}`;
  const all = new Map([...JSON.parse(readFileSync(path, 'utf8')), ...rows].map(row => [nameOf(row), row]));
  const sorted = [...all].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row);
  writeFileSync(path, `${JSON.stringify(sorted, null, 2)}\n`);
}

/** Hypervisor, initramfs and the like. */
function made({ xen, patience }) {
  const cache = join(root, 'node_modules', '.cache', 'p2mtrace-lab');
  return prepare({ root, cache, tree: xen === undefined ? undefined : resolve(xen), faults: FAULTS, patience, say });
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
  const runs = runsOf(options);
  if (runs.length === 0 && !options.table && !options.publish) throw new LabError('no scenario is named', USAGE);
  const rows = [];
  if (options.real) {
    const limit = LIMITS.boot * options.patience;
    for (const run of runs) rows.push(...(await runHere({ run, lab, output, judged, limit, say })));
  } else if (runs.length > 0) {
    const machine = await made(options);
    for (const run of runs) {
      const own = await tried(() => perform(run, machine, { output, patience: options.patience }));
      rows.push(...(own ?? []));
    }
  }
  if (options.publish) publish(rowsIn(output));
  if (options.table) process.stdout.write(tableOf(rowsIn(output)));
  if (!rows.every(good)) process.exitCode ??= 1;
}

await tried(main);
