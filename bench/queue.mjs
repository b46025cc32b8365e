import { spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { EVENTS, FOLDER, makeTraces, TRACES } from './audit.mjs';
import { seconds, timed } from './timing.mjs';
import { DATA } from './yardstick.mjs';

const ROOT = join(import.meta.dirname, '..');
const CLI = join(ROOT, 'cli/bin/p2mtrace.js');
const HOME = join(DATA, 'queue');
const WORKERS = 4;
const ROUNDS = 3;
/** Fewer for a try. */
const JOBS = Number(process.env.P2MTRACE_BENCH_JOBS ?? 10_000);
const built = name => import(join(ROOT, 'cli/dist', name));

/**
 * A night of 200 traces of 100,000 events by four workers of a queue, in turns with an audit by four processes of this
 * machine (at most 1.1 times); and 10,000 jobs that were judged before (below 30 s), with the commands that Redis counts.
 */
export async function benchQueue() {
  if (spawnSync('redis-server', ['--version']).status !== 0) {
    console.log('queue: not measured, as redis-server is not installed');
    return;
  }
  rmSync(HOME, { recursive: true, force: true });
  mkdirSync(HOME, { recursive: true });
  const redis = await startRedis();
  try {
    await benchNight(redis);
    await benchKept(redis);
  } finally {
    redis.child.kill('SIGKILL');
    rmSync(HOME, { recursive: true, force: true });
  }
}

/** Four processes of one job each, as on four machines, beside four processes of one audit. */
async function benchNight(redis) {
  await makeTraces();
  const audit = (...more) =>
    timed(process.execPath, [CLI, 'audit', FOLDER, '--fail-on', 'none', '--no-history', ...more]);
  const times = { embedded: [], queue: [] };
  for (let round = 0; round < ROUNDS; round++) {
    const state = join(HOME, `state-${round}`);
    times.embedded.push(audit('--workers', String(WORKERS), '--state', state));
    const store = join(HOME, `store-${round}`);
    const workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorker(redis, store)));
    times.queue.push(audit('--queue', redis.url, '--store', store, '--state', `${state}-queue`));
    await Promise.all(workers.map(endWorker));
    for (const folder of [state, store, `${state}-queue`]) rmSync(folder, { recursive: true, force: true });
  }
  const ratios = times.queue.map((one, i) => one / times.embedded[i]).sort((a, b) => a - b);
  console.log(
    `queue: ${TRACES} traces of ${EVENTS} events, ${WORKERS} workers in ${WORKERS} processes: ` +
      `${times.queue.map(seconds).join(', ')}, embedded ${times.embedded.map(seconds).join(', ')}: ` +
      `${ratios[ROUNDS >> 1].toFixed(2)} times (at most 1.1)`,
  );
}

/** All jobs go through the queue; the worker finds each result in the store. */
async function benchKept(redis) {
  const [{ FolderStore }, { judgeByQueue }, { queueAddress }, { settingsHash }] = await Promise.all([
    built('audit/result-store.js'),
    built('queue/judge-by-queue.js'),
    built('queue/queue-address.js'),
    built('audit/settings-hash.js'),
  ]);
  const path = join(HOME, 'store-kept');
  const store = new FolderStore(path, console.error);
  const settings = { config: false };
  const salt = await settingsHash(settings);
  const result = judgedOnce();
  const hashed = Array.from({ length: JOBS }, (_, i) => ({ path: `/fleet/${i}.arrow`, hash: sha256(`trace ${i}`) }));
  const tasks = [];
  for (const { path: file, hash } of hashed) {
    const key = sha256(`${salt} ${hash}`).slice(0, 32);
    await store.keep(key, { ...result, path: file, trace: file });
    tasks.push({ path: file, key, hash, stat: '', ...store.places(key) });
  }
  const worker = await startWorker(redis, path, '--jobs', '2', '--no-config');
  redis.command('config', 'resetstat');
  const began = performance.now();
  const options = { settings, store, address: queueAddress(redis.url), workerWait: 0, tell: console.error };
  const ends = await judgeByQueue(tasks, salt, hashed, {
    ...options,
    onProgress: () => undefined,
    onResult: undefined,
  });
  const took = (performance.now() - began) / 1000;
  if (ends.length !== JOBS) throw new Error(`${ends.length} results`);
  const stats = redis.command('info', 'commandstats');
  await endWorker(worker);
  const calls = [...stats.matchAll(/^cmdstat_([\w|]+):calls=(\d+)/gm)].map(([, name, count]) => [name, Number(count)]);
  const all = calls.reduce((sum, [, count]) => sum + count, 0);
  const asked = calls.filter(([name]) => /^(?:evalsha|eval|bzpopmin|xread|multi|exec)$/.test(name));
  console.log(
    `queue: ${JOBS} jobs that were judged before: ${seconds(took)} (below 30 s for 10000); ` +
      `${(all / JOBS).toFixed(1)} commands of Redis a job, of which clients send ` +
      `${asked.map(([name, count]) => `${(count / JOBS).toFixed(2)} ${name}`).join(', ')}; ` +
      `peak memory ${redis.command('info', 'memory').match(/used_memory_peak_human:(\S+)/)?.[1]}`,
  );
}

/** The result of a small trace. */
function judgedOnce() {
  const folder = join(HOME, 'once');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'trace.ndjson'),
    readFileSync(join(ROOT, 'samples/corpus/rules/refcount.leak/trace.ndjson')),
  );
  const report = join(HOME, 'once.json');
  const args = ['--no-config', '--no-history', '--state', join(HOME, 'once-state'), '--reporter', `json=${report}`];
  timed(process.execPath, [CLI, 'audit', folder, '--fail-on', 'none', ...args]);
  return JSON.parse(readFileSync(report, 'utf8')).traces[0];
}

async function startRedis() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  const keep = ['--save', '', '--appendonly', 'yes', '--dir', HOME, '--bind', '127.0.0.1'];
  const child = spawn('redis-server', ['--port', String(port), ...keep], { stdio: 'ignore' });
  const command = (...words) =>
    spawnSync('redis-cli', ['-p', String(port), ...words], { encoding: 'utf8', maxBuffer: 1 << 26 }).stdout;
  while (!command('ping').includes('PONG')) await wait(50);
  return { child, command, url: `redis://127.0.0.1:${port}/0` };
}

async function startWorker({ url }, store, ...more) {
  const args = ['worker', '--queue', url, '--store', store, ...(more.length > 0 ? more : ['--jobs', '1'])];
  const worker = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise((resolve, reject) => {
    worker.once('exit', code => reject(new Error(`a worker ended with ${code}`)));
    worker.stderr.on('data', text => {
      if (String(text).includes('takes traces')) resolve();
    });
  });
  return worker;
}

async function endWorker(worker) {
  const ended = once(worker, 'exit');
  worker.kill('SIGTERM');
  await ended;
}

const sha256 = text => createHash('sha256').update(text).digest('hex');
