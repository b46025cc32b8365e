import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { Queue, UnrecoverableError, Worker } from 'bullmq';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { fileAtPath } from '../../src/queue/file-at-path.js';
import { JOB_OPTIONS, type TraceJob } from '../../src/queue/trace-job.js';
import { needsBuild, p2mtrace, tempDir } from '../support/cli.js';
import { Fleet, until } from '../support/fleet.js';
import { HAS_REDIS, RedisServer } from '../support/redis.js';

needsBuild();
const temp = tempDir();

describe.skipIf(!HAS_REDIS)('a queue that others write to', () => {
  let redis: RedisServer;
  let fleet: Fleet;
  const queues: Queue[] = [];

  beforeAll(async () => {
    for (const name of ['in', 'redis']) mkdirSync(temp(name));
    for (const name of ['one', 'two']) writeFileSync(temp(`in/${name}.ndjson`), `{"${name}`);
    redis = await RedisServer.start(temp('redis'));
  });
  beforeEach(() => {
    fleet = new Fleet(temp('.'));
  });
  afterEach(async () => {
    await fleet.close();
    fleet.forget();
    await Promise.all(queues.splice(0).map(one => one.close()));
    for (const name of ['store', 'state', 'store2']) rmSync(temp(name), { recursive: true, force: true });
    await redis.command('flushall');
  });
  afterAll(() => redis?.kill());

  const connection = () => ({ host: '127.0.0.1', port: redis.port });
  /** The queue that an audit has put its two traces into. */
  async function tracesQueue(): Promise<Queue<TraceJob>> {
    let name = '';
    await until('the traces are in the queue', async () => {
      name = /p2mtrace:(traces-\w+):meta/.exec(await redis.command('keys', 'p2mtrace:traces-*:meta'))?.[1] ?? '';
      return name !== '' && (await redis.command('llen', `p2mtrace:${name}:wait`)) === '2';
    });
    const queue = new Queue<TraceJob>(name, { connection: connection(), prefix: 'p2mtrace' });
    queues.push(queue);
    return queue;
  }

  it('gets no job into the store whose key is not that of its content, and the worker goes on', async () => {
    const audit = fleet.audit(redis.url, 'queue');
    const queue = await tracesQueue();
    const [one, two] = (await queue.getJobs('waiting')).map(job => job.data);
    const forged = {
      outside: { ...one, key: '../../outside' },
      exchanged: { ...one, key: two.key },
      name: { ...one, hash: '../../../x' },
      nothing: null as unknown as TraceJob,
    };
    for (const [jobId, data] of Object.entries(forged)) await queue.add('trace', data, { jobId, lifo: true });
    const worker = await fleet.worker(redis.url);
    await audit.ended;
    for (const id of Object.keys(forged)) expect((await queue.getJob(id))?.failedReason, id).toContain('P2M_REFUSED');
    expect(worker.child.exitCode).toBeNull();
    expect(existsSync(temp('outside.json'))).toBe(false);
    expect(readdirSync(temp('.')).filter(name => name.includes('outside'))).toEqual([]);
  });

  it('that refuses a command is not a bug of ours, and what it says is told with a remedy', async () => {
    const ended = async (args: string[], said: RegExp) => {
      const one = fleet.start(args);
      expect(await one.ended, one.said).toBe(2);
      expect(one.said).toMatch(said);
      expect(one.said).not.toMatch(/P2M_BUG|sesame/);
    };
    const audit = (url: string) => ['audit', 'in', '--queue', url, '--store', 'store', '--state', 'state'];
    const worker = (url: string) => ['worker', '--queue', url, '--store', 'store'];
    await redis.command('set', 'p2mtrace:workers', 'text');
    for (const args of [['queue', redis.url], worker(redis.url)])
      await ended(args, /P2M_QUEUE: Redis at \S+ does not do what the queue needs: WRONGTYPE\n {2}something else uses/);
    await redis.command('flushall');
    for (const rights of [
      ['+ping', '+info'],
      ['+@all', '-eval', '-evalsha'],
      ['+@all', '-bzpopmin'],
    ]) {
      await redis.command('acl', 'setuser', 'some', 'reset', 'on', '>sesame', '~*', '&*', ...rights);
      const url = redis.url.replace('//', '//some:sesame@');
      await ended(worker(url), /P2M_QUEUE: .*: NOPERM\n {2}let the user/);
      if (!rights.includes('-bzpopmin')) await ended(audit(url), /P2M_QUEUE: .*: NOPERM\n {2}let the user/);
    }
    await redis.command('config', 'set', 'maxmemory', '1');
    await ended(audit(redis.url), /P2M_QUEUE: .*: OOM\n {2}give Redis more memory/);
    await redis.command('config', 'set', 'maxmemory', '0');
  });

  it('and has no memory while an audit waits is waited for', async () => {
    const audit = fleet.audit(redis.url, 'queue');
    await tracesQueue();
    await audit.says('waiting for a worker');
    const other = await fleet.worker(redis.url, '--xen-version', '4.17.7');
    await redis.command('config', 'set', 'maxmemory', '1');
    await other.says('Redis refuses a command: OOM');
    await audit.says(/refuses commands for now \(OOM\), and is tried again/);
    await redis.command('config', 'set', 'maxmemory', '0');
    await audit.says('takes commands again');
    await fleet.worker(redis.url);
    expect(await audit.ended).toBe(3);
    expect(audit.said.match(/refuses commands/g)).toHaveLength(1);
    expect(other.said.match(/refuses a command/g)).toHaveLength(1);
    expect(fleet.read('queue.json').match(/"problem": \{/g)).toHaveLength(2);
  });

  it('gives no traces to a worker with another store, and both say which', async () => {
    const worker = fleet.start(['worker', '--queue', redis.url, '--store', 'store2', '--plugin', 'plugin.mjs']);
    await worker.says('takes traces');
    const audit = fleet.audit(redis.url, 'queue', '--worker-wait', '6s');
    const why = `its --store is another folder (${temp('store2')})`;
    await until('both say why', () => audit.said.includes(why) && worker.said.includes(why));
    expect(await audit.ended).toBe(2);
    expect(audit.said).toContain('P2M_NO_WORKER');
    expect(readdirSync(temp('store2/results'))).toEqual([]);
    // The same store by another name.
    symlinkSync(temp('store'), temp('link'));
    await fleet.worker(redis.url, '--store', 'link');
    expect(await fleet.audit(redis.url, 'queue').ended).toBe(3);
    expect(readFileSync(temp('store/store.id'), 'utf8')).toMatch(/^[0-9a-f]{32}\n$/);
  });

  it('and has anything in it is looked at all the same', async () => {
    const audit = fleet.audit(redis.url, 'queue');
    const queue = await tracesQueue();
    await queue.add('trace', null as unknown as TraceJob, { jobId: 'nothing', lifo: true });
    for (const kind of ['workers', 'audits']) {
      await redis.command('set', `p2mtrace:${kind}:odd`, '1');
      await redis.command('hset', `p2mtrace:${kind}`, 'odd', '{');
    }
    const known = JSON.parse(
      (await redis.command('hvals', 'p2mtrace:audits')).split('\n').find(one => one !== '{') ?? '',
    );
    const odd = { ...known, parts: { ...known.parts, options: 'null' } };
    await redis.command('set', 'p2mtrace:audits:null', '1');
    await redis.command('hset', 'p2mtrace:audits', 'null', JSON.stringify(odd));
    const asked = () => p2mtrace(['queue', redis.url, '--json']);
    expect(JSON.parse(asked().stdout)).toMatchObject({
      traces: [{ waiting: 3 }],
      audits: [{ traces: 2 }],
      workers: [],
    });
    await fleet.worker(redis.url);
    expect(await audit.ended).toBe(3);
    const { failures } = JSON.parse(asked().stdout);
    expect(failures.find((one: { code: string }) => one.code === 'P2M_REFUSED')?.path).toBe('job nothing');
  });

  it('whose worker is asked for metrics by half ends at once', async () => {
    const worker = await fleet.worker(redis.url, '--metrics', '127.0.0.1:39466');
    await until('it is there', async () => (await redis.command('hlen', 'p2mtrace:workers')) === '1');
    let answer = '';
    const half = connect(39466, '127.0.0.1').on('error', () => undefined);
    half.setEncoding('utf8').on('data', text => {
      answer += text;
    });
    await once(half, 'connect');
    half.write('GET /metrics HTTP/1.1\r\n');
    // A whole one after it: the server has taken both.
    expect((await fetch('http://127.0.0.1:39466/metrics')).status).toBe(200);
    const gone = once(half, 'close');
    expect(await worker.kill('SIGTERM')).toBe(0);
    await gone;
    // Had it been waited for, it would have been told that its time is up (408).
    expect(answer).toBe('');
  });

  it('keeps more than a thousand failures for the audit to ask for', async () => {
    const name = 'failures';
    const queue = new Queue(name, { connection: connection() });
    queues.push(queue);
    const jobs = Array.from({ length: 1100 }, () => ({ name: 'trace', data: {}, opts: JOB_OPTIONS }));
    await queue.addBulk(jobs);
    const fail = () => Promise.reject(new UnrecoverableError('no'));
    const worker = new Worker(name, fail, { connection: connection(), concurrency: 50 });
    await until('all failed', async () => (await queue.getJobCountByTypes('waiting', 'active')) === 0);
    await worker.close();
    expect(await queue.getFailedCount()).toBe(1100);
  });
});

it('a worker reads regular files only, and waits for no pipe', async () => {
  expect(spawnSync('mkfifo', [temp('pipe')]).status).toBe(0);
  for (const path of [temp('pipe'), temp('.'), '/dev/zero'])
    expect(await fileAtPath(path, '0'.repeat(64)), path).toMatchObject({
      code: 'P2M_OPEN',
      message: expect.stringContaining('not a regular file'),
    });
  writeFileSync(temp('file'), 'some');
  expect(await fileAtPath(temp('file'), createHash('sha256').update('some').digest('hex'))).toHaveProperty('stat');
  expect(await fileAtPath(temp('file'), '0'.repeat(64))).toMatchObject({ code: 'P2M_READ' });
  expect(await fileAtPath(temp('none'), '0'.repeat(64))).toMatchObject({ message: expect.stringContaining('ENOENT') });
});

it('the sample of a fleet puts its password on no command line but that of its own server', () => {
  const compose = readFileSync(new URL('../../../samples/fleet/compose.yaml', import.meta.url), 'utf8');
  expect(compose).toContain('REDISCLI_AUTH="$$(cat /run/secrets/password)" valkey-cli ping');
  expect(compose).not.toMatch(/valkey-cli.* -a /);
});
