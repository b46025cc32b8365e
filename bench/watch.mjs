import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { median, seconds } from './timing.mjs';
import { makeYardstick } from './yardstick.mjs';

const CLI = join(import.meta.dirname, '../cli/bin/p2mtrace.js');
const REPEATS = 12;
const CASE = join(import.meta.dirname, '../samples/corpus/rules/refcount.underflow/trace.ndjson');
const ROUNDS = 3;
const LATENCIES = 5;
const START_MS = 3000;
const scratch = join(tmpdir(), `p2mtrace-watch-${process.pid}`);

/**
 * watch over the yardstick through a pipe, on one core, against `wc -c` of the same pipe; with pieces; and over a stream ten
 * times as long. Target: 1.5 million records/s sustained (of what comes after the first twelfth of the yardstick, with which
 * the process starts and its code is compiled), 300 MB. And the time from a finding's last witness to its line: two
 * polling rounds (of 100 ms) at most.
 */
export async function benchWatch() {
  const capture = makeYardstick(REPEATS);
  const records = recordsOf(capture);
  const cat = `cat '${capture}'`;
  const first = makeYardstick(1);
  const start = { source: `cat '${first}'`, records: recordsOf(first) };
  const stream = `'${process.execPath}' '${join(import.meta.dirname, 'watch-stream.mjs')}' ${10 * REPEATS}`;
  measure('watch', cat, records, '', ROUNDS, start);
  measure('watch with pieces', cat, records, `--pieces '${scratch}.pieces' --keep 1GB`, ROUNDS, start);
  measure('watch of ten times as much', stream, 10 * records, '', 1, start);
  rmSync(`${scratch}.pieces`, { recursive: true, force: true });
  const latencies = [];
  for (let i = 0; i < LATENCIES; i++) latencies.push(await latency());
  console.log(
    `watch, from a last witness to its finding: ${median(latencies).toFixed(0)} ms, ` +
      `${Math.max(...latencies).toFixed(0)} at most of ${LATENCIES} (at most 200)`,
  );
}

/** Milliseconds from the arrival of a put too many, in a stream that stays open, to the line of its finding. */
async function latency() {
  const events = readFileSync(CASE, 'utf8').trimEnd().split('\n');
  const witness = events.pop();
  const watch = spawn(process.execPath, [CLI, 'watch', '-', '--input', 'ndjson', '--format', 'json'], {
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  watch.stdin.write(`${events.join('\n')}\n`);
  // It has come up, and has replayed what there is.
  await setTimeout(START_MS);
  const begun = performance.now();
  watch.stdin.write(`${witness}\n`);
  await once(watch.stdout, 'data');
  const took = performance.now() - begun;
  watch.stdin.end();
  watch.stdout.resume();
  await once(watch, 'close');
  return took;
}

function measure(name, source, records, options, rounds, start) {
  const rss = `${scratch}.rss`;
  const preload = join(import.meta.dirname, 'report-rss.mjs');
  const watch = `P2MTRACE_BENCH_RSS='${rss}' NODE_OPTIONS='--import=${preload}' taskset -c 0 '${process.execPath}' '${CLI}' watch - --fail-on none ${options}`;
  const runs = Array.from({ length: rounds }, () => ({
    start: timed(`${start.source} | ${watch} >/dev/null 2>&1`),
    watch: timed(`${source} | ${watch} >/dev/null 2>&1`),
    wc: timed(`${source} | wc -c >/dev/null`),
  }));
  const time = median(runs.map(run => run.watch));
  const ratio = median(runs.map(run => run.watch / run.wc));
  const rest = median(runs.map(run => run.watch - run.start));
  const million = (count, over) => (count / 1e6 / over).toFixed(2);
  console.log(
    `${name}: ${million(records - start.records, rest)} million records/s sustained on one core (at least 1.5), ` +
      `${million(records, time)} with its start, ${seconds(time)}, ` +
      `${ratio.toFixed(1)} times wc -c; peak memory ${Number(readFileSync(rss, 'utf8')).toFixed(0)} MB (below 300)`,
  );
  rmSync(rss, { force: true });
}

function timed(command) {
  const begun = performance.now();
  const { status, stderr } = spawnSync('/bin/bash', ['-c', `set -o pipefail; ${command}`], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ended with ${status}: ${stderr}`);
  return (performance.now() - begun) / 1000;
}

/** Records of a capture, windows' headers apart. */
function recordsOf(capture) {
  const bytes = readFileSync(capture);
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, statSync(capture).size >>> 2);
  let records = 0;
  for (let at = 0; at < words.length; records++) at += 1 + ((words[at] >>> 31) << 1) + ((words[at] >>> 28) & 7);
  return records;
}
