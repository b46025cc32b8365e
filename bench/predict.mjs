import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { RULES } from '@p2mtrace/analyzers';
import { importStd, importXentraceFile } from '@p2mtrace/trace-format';
import { lockLoad } from './lock-load.mjs';
import { paired, seconds } from './timing.mjs';
import { DATA, makeYardstick, TRACE } from './yardstick.mjs';

const CLI = join(import.meta.dirname, '../cli/bin/p2mtrace.js');
const RULE = 'lock-order.predicted-deadlock';
/** Rules that need a prediction. */
const PREDICTED = [RULE, 'lock-order.class-cycle', 'lock-order.instance-cycle'];

/** What is generated, and how often: events (default 10 million) by environment variable. */
const LOAD = {
  events: Number(process.env.EVENTS ?? 10_000_000),
  threads: 64,
  locks: 10_000,
  cycles: 1000,
  feasible: 100,
};

/**
 * What prediction adds to an analysis of the yardstick, in one run with the same analysis without it: at most 25 %.
 * Then a trace of 10 million lock events, 64 threads and 10,000 locks, with 1,000 cycles of which 100 are deadlocks:
 * all 100 and no other, in less than a minute.
 */
export async function benchPredict() {
  const capture = makeYardstick();
  if (!existsSync(TRACE)) await importXentraceFile(capture, TRACE);
  const others = RULES.filter(({ id, policy }) => !PREDICTED.includes(id) && !policy).map(({ id }) => id);
  const analyze = (...more) => [process.execPath, [CLI, 'analyze', TRACE, ...more]];
  const rounds = Number(process.env.ROUNDS ?? 5);
  const { ours, yardstick, ratio } = paired(analyze(), analyze('--only', ...others), { rounds });
  console.log(
    `predict: analyze ${seconds(ours)}, without prediction ${seconds(yardstick)}, ratio ${ratio.toFixed(2)} (at most 1.25)`,
  );
  await benchGenerated();
}

async function benchGenerated() {
  mkdirSync(DATA, { recursive: true });
  const path = join(DATA, `locks-${LOAD.events}.arrow`);
  if (!existsSync(path)) await importStd(lockLoad(LOAD), 'locks.std', path);
  const started = performance.now();
  const args = [CLI, 'analyze', path, '--only', RULE, '--format', 'json'];
  const { findings } = JSON.parse(readFindings(args));
  const took = (performance.now() - started) / 1000;
  const found = new Set(
    findings.flatMap(({ signature }) => [...signature.matchAll(/ at c(\d+)\./g)].map(([, n]) => +n)),
  );
  const wrong = [...found].filter(cycle => cycle >= LOAD.feasible).length;
  console.log(
    `predict: ${LOAD.events} lock events: ${found.size - wrong} of ${LOAD.feasible} deadlocks, ${wrong} others (0 wanted), ` +
      `${findings.length} findings, ${seconds(took)} (at most 60)`,
  );
}

/** Findings are no failure. */
function readFindings(args) {
  try {
    return execFileSync(process.execPath, args, { maxBuffer: 1 << 28, stdio: ['ignore', 'pipe', 'inherit'] });
  } catch (error) {
    if (error.status !== 1) throw error;
    return error.stdout;
  }
}
