import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { BIN, needsBuild, p2mtrace, tempDir } from '../support/cli.js';
import { Fleet, until } from '../support/fleet.js';
import { HAS_REDIS, RedisServer } from '../support/redis.js';

needsBuild();
const temp = tempDir();
const SECRET = 'open-sesame&';
const rule = (name: string) =>
  fileURLToPath(new URL(`../../../samples/corpus/rules/${name}/trace.ndjson`, import.meta.url));
const NAMES = ['refcount.leak', 'lock-order.level'];
const eventsOf = (name: string) => readFileSync(rule(name), 'utf8').match(/^\{"kind"/gm)?.length ?? 0;
const EVENTS = NAMES.map(eventsOf).sort((a, b) => a - b);

describe.skipIf(!HAS_REDIS)('a worker of a queue', () => {
  let redis: RedisServer;
  let fleet: Fleet;
  let report: string;
  let code: number | string;

  beforeAll(async () => {
    for (const name of ['in', 'redis']) mkdirSync(temp(name));
    for (const name of NAMES) copyFileSync(rule(name), temp(`in/${name}.ndjson`));
    redis = await RedisServer.start(temp('redis'), SECRET);
    fleet = new Fleet(temp('.'));
    code = await fleet.embedded('embedded');
    report = fleet.read('embedded.json');
    rmSync(temp('store'), { recursive: true });
    fleet.forget();
  });
  beforeEach(() => {
    fleet = new Fleet(temp('.'));
  });
  afterEach(async () => {
    await fleet.close();
    fleet.forget();
    for (const name of ['store', 'state']) rmSync(temp(name), { recursive: true, force: true });
    await redis.command('flushall');
  });
  afterAll(() => redis?.kill());

  it('of another version, with other options, plugins or configuration refuses, and both say why', async () => {
    // The same program with another number.
    const cli = dirname(dirname(BIN));
    mkdirSync(temp('other'));
    for (const name of ['bin', 'bundle']) cpSync(join(cli, name), temp(`other/${name}`), { recursive: true });
    symlinkSync(join(cli, 'node_modules'), temp('other/node_modules'));
    const about = JSON.parse(readFileSync(join(cli, 'package.json'), 'utf8'));
    writeFileSync(temp('other/package.json'), JSON.stringify({ ...about, version: '99.0.0' }));
    const own = ['--queue', redis.url, '--store', 'store'];
    const workers = [
      fleet.start(['worker', ...own, '--plugin', 'plugin.mjs'], {}, temp('other/bin/p2mtrace.js')),
      fleet.start(['worker', ...own, '--plugin', 'plugin.mjs', '--xen-version', '4.17.7']),
      fleet.start(['worker', ...own]),
    ];
    await Promise.all(workers.map(one => one.says('takes traces')));
    const reasons = [
      /it is p2mtrace 99\.0\.0, the audit \d+\.\d+\.\d+/,
      /its --xen-version is 4\.17\.7, that of the audit nothing/,
      /its plugins, their options or its configuration are others/,
    ];
    const audit = fleet.audit(redis.url, 'queue', '--worker-wait', '8s');
    for (const reason of reasons) await audit.says(reason);
    for (const [i, worker] of workers.entries()) await worker.says(reasons[i]);
    expect(await audit.ended).toBe(2);
    expect(audit.said).toMatch(/P2M_NO_WORKER: no worker at redis:\/\/127\.0\.0\.1:\d+\/0 takes the traces: Worker/);
    expect(fleet.judged).toEqual([]);
    // They stay in the queue: a worker that fits judges them without an audit.
    await fleet.worker(redis.url);
    await until('both are judged', () => fleet.judged.length === 2);
    expect(await fleet.audit(redis.url, 'queue').ended).toBe(code);
    expect(fleet.read('queue.json')).toBe(report);
    expect(fleet.judged).toEqual(EVENTS);
  });

  it('that a trace kills twice is not to blame: the trace is, and the rest is judged', async () => {
    writeFileSync(temp('kill'), String(EVENTS[0]));
    await fleet.worker(redis.url);
    expect(await fleet.audit(redis.url, 'queue').ended).toBe(1);
    const { traces } = JSON.parse(fleet.read('queue.json'));
    const problems = traces.map(({ events, problem }: { events: number; problem: unknown }) => [events, problem]);
    expect(problems).toEqual(
      expect.arrayContaining([
        [EVENTS[1], null],
        [0, { code: 'P2M_WORKER', message: expect.stringContaining('SIGKILL') }],
      ]),
    );
    expect(fleet.judged).toEqual([EVENTS[0], EVENTS[0], EVENTS[1]]);
    // What passed is not remembered.
    rmSync(temp('kill'));
    expect(await fleet.audit(redis.url, 'queue').ended).toBe(code);
    expect(fleet.read('queue.json')).toBe(report);
  });

  it('that is killed by a trace (kill -9) twice leaves it as the cause', async () => {
    fleet.hold();
    const audit = fleet.audit(redis.url, 'queue');
    // Both traces at once, and twice.
    for (const times of [2, 4]) {
      const victim = await fleet.worker(redis.url, '--jobs', '2');
      await until('both are in work', () => fleet.judged.length === times);
      await victim.kill();
    }
    fleet.release();
    await fleet.worker(redis.url);
    expect(await audit.ended).toBe(3);
    const { traces } = JSON.parse(fleet.read('queue.json'));
    for (const { problem } of traces)
      expect(problem).toEqual({ code: 'P2M_WORKER', message: 'the worker that judged it died, twice' });
  });

  it('ends a trace that takes too long, or too much memory', async () => {
    fleet.hold();
    const slow = await fleet.worker(redis.url, '--timeout', '8s', '--jobs', '2');
    expect(await fleet.audit(redis.url, 'queue').ended).toBe(3);
    expect(
      fleet.read('queue.json').match(/"code": "P2M_TIME_LIMIT",\s+"message": "it took longer than 8 s"/g),
    ).toHaveLength(2);
    fleet.release();
    await slow.kill('SIGTERM');
    await fleet.worker(redis.url, '--memory', '20M', '--jobs', '2');
    expect(await fleet.audit(redis.url, 'queue').ended).toBe(3);
    expect(
      fleet.read('queue.json').match(/"code": "P2M_MEMORY",\s+"message": "it took more than 20 MiB/g),
    ).toHaveLength(2);
  });

  it('finishes what it works on at SIGTERM, and takes nothing more; at a second one it leaves it to others', async () => {
    fleet.hold();
    const first = await fleet.worker(redis.url);
    const audit = fleet.audit(redis.url, 'queue');
    await until('a trace is in work', () => fleet.judged.length === 1);
    first.child.kill('SIGTERM');
    await first.says('leaving once what it works on is done');
    fleet.release();
    expect(await first.ended).toBe(0);
    expect(first.said).toContain('judged 1, 0 were judged already, 0 failed');
    fleet.hold();
    const second = await fleet.worker(redis.url);
    await until('the other is in work', () => fleet.judged.length === 2);
    second.child.kill('SIGTERM');
    await second.says('leaving once');
    second.child.kill('SIGTERM');
    expect(await second.ended).toBe(130);
    fleet.release();
    await fleet.worker(redis.url);
    expect(await audit.ended).toBe(code);
    expect(fleet.read('queue.json')).toBe(report);
    expect(fleet.judged).toHaveLength(3);
  });

  it('and an audit leave at a signal where Redis does not answer', async () => {
    const worker = await fleet.worker(redis.url);
    fleet.hold();
    const audit = fleet.audit(redis.url, 'queue');
    await until('a trace is in work', () => fleet.judged.length === 1);
    await redis.kill();
    await Promise.all([audit, worker].map(one => one.says('is lost, and tried again')));
    fleet.release();
    await until('its result is kept', () => readdirSync(temp('store/results')).length === 1);
    for (const one of [audit, worker]) one.child.kill('SIGTERM');
    expect(await audit.ended).toBe(130);
    expect(audit.said).toContain('P2M_INTERRUPTED');
    expect(await worker.ended).toBe(0);
    await redis.start();
    await fleet.worker(redis.url);
    expect(await fleet.audit(redis.url, 'queue').ended).toBe(code);
    expect(fleet.read('queue.json')).toBe(report);
    expect(fleet.judged).toEqual(EVENTS);
  });

  it('whose disk is full gives its trace back and ends; others do the work', async () => {
    // Files may have no more than one block: what is written beyond it fails, as on a full disk.
    const full = fleet.start(
      ['worker', '--queue', redis.url, '--store', 'store', '--jobs', '1', '--plugin', 'plugin.mjs'],
      {},
      BIN,
      'ulimit -f 1; exec "$@"',
    );
    await full.says('takes traces');
    const audit = fleet.audit(redis.url, 'queue');
    expect(await full.ended).toBe(3);
    expect(full.said).toMatch(/P2M_STORE: this worker can't go on: P2M_WRITE: .*EFBIG/);
    await fleet.worker(redis.url);
    expect(await audit.ended).toBe(code);
    expect(fleet.read('queue.json')).toBe(report);
  });

  it('and an audit never tell the password', async () => {
    const said: string[] = [];
    const keep = async (args: string[], env: NodeJS.ProcessEnv = {}) => {
      const { code, stdout, stderr } = p2mtrace(args, { cwd: temp('.'), env: { ...process.env, ...env } });
      said.push(stdout, stderr);
      return code;
    };
    const wrong = redis.url.replace('sesame', 'sesame-wrong');
    const own = ['--store', 'store', '-v'];
    expect(await keep(['queue', wrong, '-v'])).toBe(2);
    expect(said.join('')).toContain('WRONGPASS');
    expect(await keep(['audit', 'in', '--queue', wrong, ...own])).toBe(2);
    expect(await keep(['worker', '--queue', wrong, ...own])).toBe(2);
    expect(await keep(['queue', redis.url.replace('redis:', 'rediss:')])).toBe(2);
    expect(await keep(['queue', redis.url.replace(String(redis.port), 'port')])).toBe(2);
    expect(await keep(['queue', redis.url.replace('redis:', 'http:')])).toBe(2);
    expect(await keep([redis.url, 'in'])).toBe(2);
    expect(await keep(['queue', redis.url, 'more'])).toBe(2);
    expect(await keep(['queue', '-v'], { P2MTRACE_QUEUE: redis.url })).toBe(0);
    const worker = await fleet.worker(redis.url, '-v');
    const args = readFileSync(`/proc/${worker.child.pid}/cmdline`, 'utf8');
    const audit = fleet.audit(redis.url, 'queue', '-v');
    await audit.ended;
    await worker.kill('SIGTERM');
    for (const text of [...said, worker.said, audit.said, args]) expect(text).not.toContain('sesame');
  });

  it('and an audit have metrics, and the queue tells what there is', async () => {
    fleet.hold();
    const worker = await fleet.worker(redis.url, '--metrics', '127.0.0.1:39464');
    const audit = fleet.audit(redis.url, 'queue', '--metrics', '127.0.0.1:39465');
    await until('a trace is in work', () => fleet.judged.length === 1);
    const metrics = async (port: number) => (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    await until('the audit waits', async () => /^p2mtrace_open_traces 2$/m.test(await metrics(39465)));
    expect(await metrics(39464)).toMatch(/^p2mtrace_open_traces 1$/m);
    const asked = p2mtrace(['queue', redis.url, '--json']);
    const state = JSON.parse(asked.stdout);
    expect(state).toMatchObject({
      traces: [{ workers: 1, waiting: 1, delayed: 0, running: 1, failed: 0 }],
      audits: [{ traces: 2, done: 0 }],
      workers: [{ jobs: 1 }],
      failures: [],
    });
    expect(p2mtrace(['queue', redis.url]).stdout).toMatch(/^settings +version +workers +waiting/);
    fleet.release();
    expect(await audit.ended).toBe(code);
    const text = await metrics(39464);
    expect(text).toMatch(/^p2mtrace_traces_total\{outcome="judged"\} 2$/m);
    const total = EVENTS.reduce((sum, one) => sum + one, 0);
    expect(text).toMatch(new RegExp(`^p2mtrace_events_total ${total}$`, 'm'));
    expect(text).toMatch(/^p2mtrace_findings_total\{rule="refcount\.leak",severity="\w+"\} \d+$/m);
    expect(text).toMatch(/^p2mtrace_trace_seconds_count 2$/m);
    expect(text).toMatch(/# EOF\n$/);
    await worker.kill('SIGTERM');
  });
});

it('a queue without a store, or a store without a queue, is refused', () => {
  mkdirSync(temp('none'), { recursive: true });
  const env = { ...process.env, P2MTRACE_QUEUE: '' };
  const said = (args: string[]) => {
    const { code, stderr } = p2mtrace(['audit', 'none', ...args], { cwd: temp('.'), env });
    return [code, stderr.split('\n')[0]];
  };
  expect(said(['--queue', 'redis://127.0.0.1:1/0'])).toEqual([
    2,
    'p2mtrace: P2M_USAGE: results of a queue go through a store',
  ]);
  expect(said(['--store', 'store'])).toEqual([2, 'p2mtrace: P2M_QUEUE: no queue is named']);
  expect(said(['--queue', 'redis://127.0.0.1:1/0', '--store', 'store', '--shard', '1/2'])[0]).toBe(2);
});

it('an audit without a queue loads nothing of one', () => {
  mkdirSync(temp('none'), { recursive: true });
  /** Modules of Redis's client that a command line has loaded at its end. */
  const loaded = (...words: string[]) => {
    const code = `process.argv = ['node', 'p2mtrace', ...${JSON.stringify(words)}];
      process.on('exit', () => console.log(Object.keys(require.cache).filter(name => /ioredis/.test(name)).length));
      import(${JSON.stringify(BIN)});`;
    const { stdout } = spawnSync(process.execPath, ['-e', code], { cwd: temp('.'), encoding: 'utf8' });
    return Number(stdout.trim().split('\n').at(-1));
  };
  expect(loaded('audit', 'none', '-q', '--no-history')).toBe(0);
  expect(loaded('queue', 'redis://127.0.0.1:1/0')).toBeGreaterThan(0);
});
