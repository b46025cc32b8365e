import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { generateTrace, TraceSession } from '@p2mtrace/analyzers';
import { Dataset, filesOf } from '../cli/dist/dataset/dataset.js';
import { tableFile } from '../cli/dist/dataset/dataset-folder.js';
import { partitionPath } from '../cli/dist/dataset/names.js';
import { PARQUET } from '../cli/dist/dataset/tables.js';
import { median, seconds, timed } from './timing.mjs';
import { DATA } from './yardstick.mjs';

const CLI = join(import.meta.dirname, '../cli/bin/p2mtrace.js');
const FOLDER = join(DATA, 'dataset-traces');
const REAL = join(DATA, 'dataset-real');
const MANY = join(DATA, 'dataset-many');
const EVENTS = 100_000;
const SCENARIOS = ['mixed', 'balloon', 'pod', 'lookups'];
/** Copies of what the real traces have, each under its own name: 10 nights of 20 hosts with 5 traces. */
const [NIGHTS, HOSTS, TRACES] = [10, 20, 5];
/** Tables that the questions are about: the others of the copies would only take time to write. */
const TABLES = ['findings', 'breaches'];
const QUESTIONS = [
  "select host, count(*) from findings where rule = 'refcount.leak' group by host",
  "select trace, count(*) from breaches where breach = 'refcount.leak' and mfn is not null group by trace order by 2 desc",
];

/**
 * What a dataset of real traces takes on the disk, and how long a question to 1,000 traces takes whose files are not in
 * memory. Targets: a quarter of the Arrow files, 2 s.
 */
export async function benchDataset() {
  const traces = await makeTraces();
  const bytes = traces.reduce((sum, path) => sum + statSync(path).size, 0);
  rmSync(REAL, { recursive: true, force: true });
  const options = ['--fail-on', 'none', '--no-history', '--progress', 'never', '--workers', '1'];
  const audit = (...more) => {
    rmSync(join(DATA, 'dataset-state'), { recursive: true, force: true });
    return timed(process.execPath, [CLI, 'audit', FOLDER, '--state', join(DATA, 'dataset-state'), ...options, ...more]);
  };
  const without = audit();
  const withIt = audit('--dataset', REAL);
  const real = Dataset.open(REAL, () => undefined).entries();
  const stored = real.flatMap(({ entry }) => Object.values(entry.tables)).reduce((sum, one) => sum + one.bytes, 0);
  console.log(
    `dataset: ${traces.length} traces of ${EVENTS} events take ${((100 * stored) / bytes).toFixed(1)} % of their Arrow ` +
      `files (at most 25); an audit with one takes ${(withIt / without).toFixed(2)} times as long`,
  );
  await makeMany(real);
  ask('1,000 traces, a file each');
  timed(process.execPath, [CLI, 'dataset', 'compact', MANY]);
  ask(`the same, compacted to ${NIGHTS * HOSTS} files`);
}

/** Made once; three of four have a fault. */
async function makeTraces() {
  mkdirSync(FOLDER, { recursive: true });
  const traces = SCENARIOS.map(scenario => join(FOLDER, `${scenario}.arrow`));
  for (const [i, path] of traces.entries()) {
    if (existsSync(path)) continue;
    const faults = i === 3 ? [] : ['refcount.leak'];
    await generateTrace(path, { scenario: SCENARIOS[i], events: EVENTS, seed: i + 1, faults });
  }
  return traces;
}

/** Writes rows of the real traces under other names, as an audit writes them. */
async function makeMany(real) {
  rmSync(MANY, { recursive: true, force: true });
  const dataset = Dataset.make(MANY, () => undefined);
  const source = Dataset.open(REAL, () => undefined).folder;
  const session = await TraceSession.open({ files: true });
  const parts = new Map();
  const added = [];
  const staging = dataset.folder.staging();
  for (let i = 0; i < NIGHTS * HOSTS * TRACES; i++) {
    const trace = `copy-${i}`;
    const host = `lab${i % HOSTS}`;
    const night = `2026-11-${String(10 + (Math.floor(i / HOSTS) % NIGHTS)).padStart(2, '0')}`;
    const partition = partitionPath({ night, host });
    const { entry, partition: from } = real[i % real.length];
    const tables = {};
    for (const table of TABLES.filter(name => name in entry.tables)) {
      const path = join(staging.path, `${table}-${i}.parquet`);
      const rows = `from read_parquet('${source.urlOf(tableFile(table, from, entry.file))}', hive_partitioning = false)`;
      await session.define(
        `copy (select * replace ('${trace}' as trace, '${host}' as host) ${rows}) to '${path}' (${PARQUET})`,
      );
      tables[table] = { bytes: statSync(path).size, rows: entry.tables[table].rows };
      added.push({ from: path, to: tableFile(table, partition, trace) });
    }
    const copy = { ...entry, file: trace, tables, traces: [{ trace, content: trace, key: trace }] };
    parts.set(partition, [...(parts.get(partition) ?? []), copy]);
  }
  await session.close();
  await dataset.change(async () => ({ parts, added }));
  staging.remove();
}

function ask(what) {
  for (const question of QUESTIONS) {
    const times = Array.from({ length: 5 }, () => {
      forget();
      return timed(process.execPath, [CLI, 'sql', '--dataset', MANY, question]);
    });
    const worst = Math.max(...times);
    console.log(
      `dataset: ${what} (copies of ${SCENARIOS.length} real ones under other names): ${seconds(median(times))}, at most ` +
        `${seconds(worst)} (below 2): ${question}`,
    );
  }
}

/** Has the system forget what it read of the files, where dd can ask it to. */
function forget() {
  const entries = Dataset.open(MANY, () => undefined).entries();
  const files = entries.flatMap(filesOf).map(path => join(MANY, path));
  spawnSync('sh', ['-c', 'for f in "$@"; do dd if="$f" iflag=nocache count=0 status=none; done', 'sh', ...files]);
}
