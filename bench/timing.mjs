import { spawnSync } from 'node:child_process';
import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const median = values => values.toSorted((a, b) => a - b)[values.length >> 1];

/** Runs a command to its end; returns its wall time in seconds. */
export function timed(command, args, env = {}) {
  const started = performance.now();
  const { status, error, stderr } = spawnSync(command, args, {
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, ...env },
    maxBuffer: 1 << 28,
  });
  const elapsed = (performance.now() - started) / 1000;
  if (error !== undefined) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')} ended with ${status}: ${stderr}`);
  return elapsed;
}

/** Peak memory of a node process, in MB; measured in a separate run, as it takes time. */
function peakOf(command, args) {
  const rss = join(tmpdir(), `p2mtrace-rss-${process.pid}`);
  const preload = `--import=${join(import.meta.dirname, 'report-rss.mjs')}`;
  timed(command, args, { P2MTRACE_BENCH_RSS: rss, NODE_OPTIONS: preload });
  const peak = Number(readFileSync(rss, 'utf8'));
  rmSync(rss);
  return peak;
}

/**
 * Runs two commands alternately, after one uncounted run of each, so that both meet the same noise.
 * `before` is called before every run of the first.
 */
export function paired(ours, yardstick, { rounds = 7, before = () => {} } = {}) {
  before();
  const peak = peakOf(...ours);
  timed(...yardstick);
  const pairs = Array.from({ length: rounds }, () => {
    before();
    return { a: timed(...ours), b: timed(...yardstick) };
  });
  return {
    ours: median(pairs.map(({ a }) => a)),
    yardstick: median(pairs.map(({ b }) => b)),
    ratio: median(pairs.map(({ a, b }) => a / b)),
    peak,
  };
}

export const seconds = value => `${value.toFixed(2)} s`;
