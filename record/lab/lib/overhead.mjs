import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { boot, endOf } from './boot.mjs';
import { LabError } from './lab-error.mjs';

/** Seconds for a machine with its work. */
const LIMIT = 1800;
/**
 * Time goes by instructions, two nanoseconds each, whatever else this machine does: what is measured is work, the same in each
 * run. It says nothing of caches and of branches that were foretold wrong.
 */
const BY_INSTRUCTIONS = ['-accel', 'tcg,thread=single', '-icount', 'shift=1,sleep=off'];
/** Hypervisor and whether it records, by what it is called. */
const RUNS = [
  { name: 'stock', kind: 'stock', tracing: 'no' },
  { name: 'off', kind: 'recorder', tracing: 'no' },
  { name: 'on', kind: 'recorder', tracing: 'yes' },
];
const COST = /LAB: cost (\w+) ([\d.]+) ns/g;

/** Nanoseconds of each kind of work, one a round, as a console has them. */
export function costsIn(text) {
  const costs = new Map();
  for (const [, what, ns] of text.matchAll(COST)) costs.set(what, [...(costs.get(what) ?? []), Number(ns)]);
  return costs;
}

/** Does the same work on each hypervisor; costs by name of the run. */
export async function overhead({ machine, lab, folder, patience, say }) {
  const found = new Map();
  for (const { name, kind, tracing } of RUNS) {
    const own = join(folder, name);
    mkdirSync(own, { recursive: true });
    say(`${name} …`);
    await boot({
      hypervisor: machine.hypervisors[kind],
      initramfs: machine.initramfs,
      lab,
      scenario: join(lab, 'dom0', 'overhead.sh'),
      settings: `TRACING=${tracing}`,
      xenArguments: '',
      accel: BY_INSTRUCTIONS,
      folder: own,
      options: { log: join(own, 'lab.log'), limit: LIMIT * patience, patience },
    });
    const console = join(own, 'console.log');
    const { how, why } = endOf(console);
    if (how !== 'done') throw new LabError(`${name}: ${how} (${why})`, `see ${console}`);
    found.set(name, costsIn(readFileSync(console, 'latin1')));
  }
  const plain = [...found].map(([name, costs]) => [name, Object.fromEntries(costs)]);
  writeFileSync(join(folder, 'overhead.json'), `${JSON.stringify(Object.fromEntries(plain), null, 2)}\n`);
  return found;
}

const median = values => values.toSorted((a, b) => a - b)[values.length >> 1];
const time = ns => (ns < 1e6 ? `${(ns / 1e3).toFixed(2)} µs` : `${(ns / 1e9).toFixed(2)} s`);

/** A table in Markdown: medians, what they are more than those of the stock hypervisor, and how far its rounds lie apart. */
export function overheadTable(found) {
  const [stock, off, on] = RUNS.map(({ name }) => found.get(name));
  const more = (what, costs) => {
    const base = median(stock.get(what));
    return `${time(median(costs.get(what)))} (${(100 * (median(costs.get(what)) / base - 1)).toFixed(1)} %)`;
  };
  const rows = [...stock.keys()].map(what => {
    const rounds = stock.get(what);
    const spread = ((Math.max(...rounds) - Math.min(...rounds)) / median(rounds)) * 100;
    return `| ${what} | ${time(median(rounds))} | ${spread.toFixed(1)} % | ${more(what, off)} | ${more(what, on)} |`;
  });
  return [
    '| work | stock | its rounds differ by | hooks, off | recording |',
    '| - | - | - | - | - |',
    ...rows,
    '',
  ].join('\n');
}
