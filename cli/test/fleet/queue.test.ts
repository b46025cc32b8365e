import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { captureBytes, SMALL } from '../support/captures.js';
import { needsBuild, p2mtrace, tempDir } from '../support/cli.js';
import { Fleet, until } from '../support/fleet.js';
import { HAS_REDIS, RedisServer, Wire } from '../support/redis.js';

needsBuild();
const temp = tempDir();
const rule = (name: string, file = 'trace') =>
  fileURLToPath(new URL(`../../../samples/corpus/rules/${name}/${file}.ndjson`, import.meta.url));
const NAMES = ['refcount.leak', 'lock-order.level', 'refcount.underflow'];
const eventsOf = (name: string) => readFileSync(rule(name), 'utf8').match(/^\{"kind"/gm)?.length ?? 0;
const EVENTS = NAMES.map(eventsOf).sort((a, b) => a - b);

describe.skipIf(!HAS_REDIS)('an audit by a queue', () => {
  let redis: RedisServer;
  let fleet: Fleet;

  beforeAll(async () => {
    mkdirSync(temp('in'), { recursive: true });
    mkdirSync(temp('redis'));
    for (const name of NAMES) copyFileSync(rule(name), temp(`in/${name}.ndjson`));
    redis = await RedisServer.start(temp('redis'));
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

  /** What this machine alone says of the same files; then nothing is judged yet. */
  async function expected(): Promise<{ report: string; code: number | string }> {
    const code = await fleet.embedded('embedded');
    rmSync(temp('store'), { recursive: true });
    fleet.forget();
    return { report: fleet.read('embedded.json'), code };
  }
  /** Nothing is left of what was in work, and each trace was judged so often. */
  function expectWhole(times: number[]): void {
    expect(fleet.judged).toEqual(times);
    expect(readdirSync(temp('store/locks'))).toEqual([]);
    expect(readdirSync(temp('store/results')).every(name => /^[0-9a-f]{32}\.json$/.test(name))).toBe(true);
    expect(readdirSync(temp('store/traces')).some(name => name.endsWith('.partial'))).toBe(false);
  }

  it('says byte for byte what one machine says, with captures, copies and what is broken', async () => {
    mkdirSync(temp('in/more'));
    copyFileSync(rule('refcount.leak'), temp('in/more/copy'));
    writeFileSync(temp('in/more/small.bin.gz'), gzipSync(captureBytes(SMALL)));
    writeFileSync(temp('in/more/cut.bin'), captureBytes(SMALL).subarray(0, -1));
    writeFileSync(temp('in/more/broken.ndjson'), '{\n');
    writeFileSync(temp('in/more/notes.txt'), 'no trace\n');
    try {
      const reports = ['pretty=NAME.txt', 'html=NAME.html', 'sarif=NAME.sarif', 'junit=NAME.xml'];
      const asked = (name: string) => reports.flatMap(one => ['--reporter', one.replace('NAME', name)]);
      const code = await fleet.embedded('embedded', ...asked('embedded'));
      const trend = () => p2mtrace(['trend', '--state', 'state', '--format', 'csv'], { cwd: temp('.') }).stdout;
      rmSync(temp('store'), { recursive: true });
      fleet.forget();
      await fleet.worker(redis.url);
      const audit = fleet.audit(redis.url, 'queue', ...asked('queue'));
      expect(await audit.ended).toBe(code);
      for (const ending of ['json', 'txt', 'html', 'sarif', 'xml'])
        expect(fleet.read(`queue.${ending}`), ending).toBe(fleet.read(`embedded.${ending}`));
      expect(trend().split('\n')[1]).toMatch(/,7,6$/);
      // Judged before: no worker is needed, and no Redis.
      const before = fleet.judged;
      expect(await fleet.audit('redis://127.0.0.1:1/0', 'again').ended).toBe(code);
      expect(fleet.read('again.json')).toBe(fleet.read('embedded.json'));
      expect(fleet.judged).toEqual(before);
      expect(await redis.command('keys', 'p2mtrace:flow:*')).toBe('');
      expect(await redis.command('keys', 'p2mtrace:audits:*-*')).toBe('');
    } finally {
      rmSync(temp('in/more'), { recursive: true });
    }
  });

  it('goes on when a worker is killed (kill -9): another takes over its trace', async () => {
    const { report, code } = await expected();
    fleet.hold();
    const victim = await fleet.worker(redis.url);
    const audit = fleet.audit(redis.url, 'queue');
    await until('a trace is in work', () => fleet.judged.length === 1);
    await victim.kill();
    fleet.release();
    const other = await fleet.worker(redis.url);
    expect(await audit.ended).toBe(code);
    expect(fleet.read('queue.json')).toBe(report);
    expect(other.said).toMatch(/was left by its worker, and is taken over/);
    // The one that was in work was begun twice.
    expect(new Set(fleet.judged)).toEqual(new Set(EVENTS));
    expect(fleet.judged).toHaveLength(EVENTS.length + 1);
  });

  it('goes on when Redis is killed (kill -9) and started again', async () => {
    const { report, code } = await expected();
    fleet.hold();
    const worker = await fleet.worker(redis.url);
    const audit = fleet.audit(redis.url, 'queue');
    await until('a trace is in work', () => fleet.judged.length === 1);
    await redis.kill();
    await Promise.all([audit, worker].map(one => one.says('is lost, and tried again')));
    fleet.release();
    await redis.start();
    expect(await audit.ended).toBe(code);
    expect(fleet.read('queue.json')).toBe(report);
    expectWhole(EVENTS);
  });

  it('that is killed (kill -9) goes on when it is started again: no trace is judged twice', async () => {
    const { report, code } = await expected();
    fleet.hold();
    await fleet.worker(redis.url);
    const first = fleet.audit(redis.url, 'first');
    await until('a trace is in work', () => fleet.judged.length === 1);
    await first.kill();
    const second = fleet.audit(redis.url, 'second');
    await second.says('in the queue already');
    fleet.release();
    expect(await second.ended).toBe(code);
    expect(fleet.read('second.json')).toBe(report);
    expectWhole(EVENTS);
    const { stdout } = p2mtrace(['trend', '--state', 'state', '--format', 'csv'], { cwd: temp('.') });
    expect(stdout.split('\n\n')[0].trim().split('\n')).toHaveLength(2);
  });

  it('goes on when the network between worker and Redis is cut', async () => {
    const { report, code } = await expected();
    const wire = new Wire(redis.port);
    await wire.open();
    try {
      fleet.hold();
      const worker = await fleet.worker(redis.urlAt(wire.port));
      const audit = fleet.audit(redis.url, 'queue');
      await until('a trace is in work', () => fleet.judged.length === 1);
      wire.cut();
      await worker.says('is lost, and tried again');
      fleet.release();
      // It judges what it has; its job is thought to be left meanwhile.
      await until('its result is kept', () => readdirSync(temp('store/results')).length === 1);
      wire.mend();
      expect(await audit.ended).toBe(code);
      expect(fleet.read('queue.json')).toBe(report);
      expectWhole(EVENTS);
    } finally {
      wire.close();
    }
  });

  it('shares its work with another one over the same folder', async () => {
    const { report, code } = await expected();
    fleet.hold();
    await fleet.worker(redis.url);
    const both = [fleet.audit(redis.url, 'one'), fleet.audit(redis.url, 'two')];
    await until('a trace is in work', () => fleet.judged.length === 1);
    await until('one waits for the other', () => both.some(one => one.said.includes('in the queue already')));
    fleet.release();
    expect(await Promise.all(both.map(one => one.ended))).toEqual([code, code]);
    for (const name of ['one', 'two']) expect(fleet.read(`${name}.json`)).toBe(report);
    expectWhole(EVENTS);
  });
});
