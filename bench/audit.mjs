import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { generateTrace } from '@p2mtrace/analyzers';
import { seconds, timed } from './timing.mjs';
import { DATA } from './yardstick.mjs';

const CLI = join(import.meta.dirname, '../cli/bin/p2mtrace.js');
export const FOLDER = join(DATA, 'audit');
const STATE = join(DATA, 'audit-state');
export const TRACES = 200;
export const EVENTS = 100_000;
const WORKERS = 2;
/** Traces analyzed one by one: half before the audit and half after it, as the load of the machine varies. */
const SAMPLE = 20;
const SCENARIOS = ['mixed', 'balloon', 'pod', 'lookups'];

/**
 * A nightly audit of 200 traces of 100,000 events by two workers: cold against the single runs divided by the workers,
 * and again with nothing changed. Targets: 1.3 times, and 3 s.
 */
export async function benchAudit() {
  const traces = await makeTraces();
  const sample = traces.filter((_, i) => i % (TRACES / SAMPLE) === 0);
  const alone = path => timed(process.execPath, [CLI, 'analyze', path, '--fail-on', 'none', '--format', 'json']);
  const audit = () => {
    const reports = ['pretty', `sarif=${join(STATE, 'audit.sarif')}`].flatMap(reporter => ['--reporter', reporter]);
    const options = ['--workers', String(WORKERS), '--state', STATE, '--fail-on', 'none', '--progress', 'never'];
    return timed(process.execPath, [CLI, 'audit', FOLDER, ...options, ...reports]);
  };
  rmSync(STATE, { recursive: true, force: true });
  let single = 0;
  for (const path of sample.slice(0, SAMPLE / 2)) single += alone(path);
  const cold = audit();
  for (const path of sample.slice(SAMPLE / 2)) single += alone(path);
  const warm = audit();
  const wanted = (single * TRACES) / SAMPLE / WORKERS;
  console.log(
    `audit: ${TRACES} traces of ${EVENTS} events, ${WORKERS} workers: cold ${seconds(cold)}, ` +
      `${(cold / wanted).toFixed(2)} times the single runs of ${seconds(single / SAMPLE)} by worker (at most 1.3); ` +
      `again ${seconds(warm)} (below 3)`,
  );
}

/** Made once and kept in bench/.data; every tenth has a fault. */
export async function makeTraces() {
  mkdirSync(FOLDER, { recursive: true });
  const traces = Array.from({ length: TRACES }, (_, i) => join(FOLDER, `${String(i + 1).padStart(3, '0')}.arrow`));
  for (const [i, path] of traces.entries()) {
    if (existsSync(path)) continue;
    const faults = i % 10 === 0 ? ['refcount.leak'] : [];
    await generateTrace(path, { scenario: SCENARIOS[i % 4], events: EVENTS, seed: i + 1, faults });
  }
  return traces;
}
