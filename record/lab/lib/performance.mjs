import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { boot, endOf } from './boot.mjs';
import { compareWithConsole, judge, unpackLogs } from './judge.mjs';
import { LabError } from './lab-error.mjs';

/** Seconds for a machine with its scenario, and for what comes after it. */
const LIMITS = { boot: 900, judge: 900 };
/** What a run leaves beside its capture: what it was, the hypervisor's symbols, and its rows of the table. */
const [ABOUT, SYMBOLS] = ['run.json', 'symbols'];
export const RESULT = 'result.json';

/** Whether a run went as it should. */
export const isGood = ({ fault, divergences, others, strikes, expected }) =>
  others === 0 && (fault === null ? divergences === 0 : strikes > 0 && expected === strikes);

/** The folder of a run: its scenario, and which faults there are. */
export const nameOf = ({ scenario, faults }) =>
  faults.length === 0 ? scenario : `${scenario}-${faults.map(({ name }) => name).join('+')}`;

/** Runs scenarios and judges what they leave in an output folder, now or later. */
export class Performance {
  #lab;
  #program;
  #faults;
  #output;
  #patience;
  #say;

  constructor({ lab, program, faults, output, patience, say }) {
    [this.#lab, this.#program, this.#faults] = [lab, program, faults];
    [this.#output, this.#patience, this.#say] = [output, patience, say];
  }

  /** The folder of a run, and the options of programs that belong to it. */
  place(name, kind) {
    const folder = join(this.#output, name);
    mkdirSync(folder, { recursive: true });
    const patience = this.#patience;
    return { folder, options: { log: join(folder, 'lab.log'), limit: LIMITS[kind] * patience, patience } };
  }

  /** Boots one scenario, judges what it recorded, and returns its rows of the table. */
  async play(run, made) {
    const { scenario, faults } = run;
    const foreign = faults.find(({ name }) => !made.planted.includes(name));
    if (foreign !== undefined) {
      throw new LabError(`${foreign.name} matches nothing in Xen ${made.release}`, 'its patch is for other versions');
    }
    const name = nameOf(run);
    const { folder, options } = this.place(name, 'boot');
    const start = Date.now();
    const chosen = faults.map(fault => `${fault.name}:${fault.every}`).join(',');
    this.#say(`${scenario}${chosen === '' ? '' : ` with ${chosen}`} …`);
    const xenArguments = chosen === '' ? '' : `lab=${chosen}`;
    const path = join(this.#lab, 'scenarios', `${scenario}.sh`);
    await boot({ ...made, lab: this.#lab, scenario: path, xenArguments, folder, options });
    const end = endOf(join(folder, 'console.log'));
    const took = ((Date.now() - start) / 1000).toFixed(0);
    this.#say(`${scenario}: ${end.how}${end.why === undefined ? '' : ` (${end.why})`}, ${took} s`);
    unpackLogs(folder);
    this.keep(run, { release: made.release, symbols: join(made.hypervisor, 'symbols'), ended: end.how });
    if (end.how !== 'done' && !faults.some(fault => this.#faults[fault.name].ends)) {
      throw new LabError(`${scenario}: ${end.how}: ${end.why}`, `see ${join(folder, 'console.log')}`);
    }
    return this.judge(name);
  }

  /** Notes what a run was, so that its capture can be judged at any time. */
  keep({ scenario, faults }, { release, symbols, ended }) {
    const { folder } = this.place(nameOf({ scenario, faults }), 'boot');
    copyFileSync(symbols, join(folder, SYMBOLS));
    writeFileSync(join(folder, ABOUT), `${JSON.stringify({ scenario, faults, release, ended })}\n`);
  }

  /** The names of runs that the output folder has: of these, or all. */
  recorded(runs) {
    const there = readdirSync(this.#output).filter(name => existsSync(join(this.#output, name, ABOUT)));
    const wanted = runs.map(nameOf);
    const lacking = wanted.find(name => !there.includes(name));
    if (lacking !== undefined) throw new LabError(`${lacking} has not been run`, 'run it without --judge');
    return wanted.length > 0 ? wanted : there;
  }

  /** Imports and analyzes what a run left, and keeps the results beside it. */
  async judge(name) {
    const { folder, options } = this.place(name, 'judge');
    const { scenario, faults, release, ended } = JSON.parse(readFileSync(join(folder, ABOUT), 'utf8'));
    const program = this.#program;
    const { trace, report } = await judge({ program, folder, symbols: join(folder, SYMBOLS), release, options });
    const rules = Object.fromEntries(faults.map(fault => [fault.name, this.#faults[fault.name].rules]));
    const compared = compareWithConsole({ program, folder, trace, report, rules, options });
    const divergences = report.divergences.reduce((sum, { count }) => sum + count, 0);
    const about = { scenario, xen: release, ended, divergences, others: compared.others.length, lost: compared.lost };
    const rows = compared.faults.map(({ missed, ...result }) => ({ ...about, ...result }));
    if (faults.length === 0) rows.push({ fault: null, ...about });
    writeFileSync(join(folder, RESULT), `${JSON.stringify(rows, null, 2)}\n`);
    this.#tell(report, rows, folder);
    if (compared.lost > 0)
      this.#say(`${compared.lost} records were lost, and what they would show is not checked: try again`);
    return rows;
  }

  #tell(report, rows, folder) {
    for (const { severity, rule, signature, count, title } of report.findings) {
      process.stdout.write(`${severity} ${count} × ${rule}: ${title}  [${signature}]\n`);
    }
    for (const { about, count, text } of report.divergences) {
      process.stdout.write(`divergence ${count} × ${about}: ${text}\n`);
    }
    for (const { fault, strikes, unrecorded, found, expected, named } of rows.filter(row => row.fault !== null)) {
      const behind = unrecorded === 0 ? '' : ` (${unrecorded} more behind the last record)`;
      this.#say(
        `${fault}: ${strikes} strikes${behind}, ${found} found, ${expected} by its rule, ${named} with the function`,
      );
    }
    this.#say(`${rows[0].others} findings above a note that no strike explains; all of it is in ${folder}`);
  }
}
