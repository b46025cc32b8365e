import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { P2mError } from '@p2mtrace/trace-format/errors';
import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { mergeShards } from '../../src/fleet/merge-shards.js';
import { isInShard, parseShard } from '../../src/fleet/shard.js';
import { captureBytes, SMALL } from '../support/captures.js';
import { needsBuild, p2mtrace, tempDir } from '../support/cli.js';

needsBuild();
const temp = tempDir();
const SHARDS = 3;
const NAMES = ['1', '2', '3'].map(index => `shard-${index}-of-3.p2ma`);
const REPORTERS = ['pretty', 'json', 'sarif', 'junit', 'github', 'markdown', 'html'];
const rule = (name: string, file = 'trace') =>
  fileURLToPath(new URL(`../../../samples/corpus/rules/${name}/${file}.ndjson`, import.meta.url));
const run = (...args: string[]) => p2mtrace(args, { cwd: temp('.') });
const audit = (...args: string[]) => run('audit', 'in', '--workers', '1', ...args);
const shard = (index: number, ...args: string[]) => audit('--shard', `${index}/${SHARDS}`, ...args);
const reports = (name: string) => REPORTERS.flatMap(one => ['--reporter', `${one}=${name}.${one}`]);
/** A night as trend tells it, without its time. */
const night = () =>
  run('trend', '--nights', '1', '--format', 'csv')
    .stdout.split('\n')
    .slice(1)
    .join('\n')
    .replace(/^[^,]*/, '');

/** Findings, known and new, a copy, a capture, what can't be read or judged, and what is no trace. */
beforeAll(() => {
  mkdirSync(temp('in/deep'), { recursive: true });
  for (const name of ['refcount.leak', 'lock-order.level', 'refcount.underflow', 'use-after-unmap.stale-translation']) {
    copyFileSync(rule(name), temp(`in/${name}.ndjson`));
    copyFileSync(rule(name, 'near-miss'), temp(`in/${name}-near.ndjson`));
  }
  copyFileSync(rule('refcount.leak'), temp('in/deep/copy'));
  writeFileSync(temp('in/small.bin.gz'), gzipSync(captureBytes(SMALL)));
  writeFileSync(temp('in/broken.ndjson'), '{\n');
  writeFileSync(temp('in/notes.txt'), 'no trace\n');
  symlinkSync('nowhere', temp('in/dangling'));
});

describe('shards, merged', () => {
  it('are byte for byte what one machine says, with its night, baseline and exit code', () => {
    audit('--only', 'refcount.leak', '--update-baseline', '--no-history', '--reporter', 'json');
    const baseline = readFileSync(temp('p2mtrace-baseline.json'));
    const one = audit(...reports('one'), '--expect', '40', '--update-baseline');
    const [oneNight, oneBaseline] = [night(), readFileSync(temp('p2mtrace-baseline.json'), 'utf8')];
    expect(one.code).toBe(3);
    for (const path of ['.p2mtrace', 'p2mtrace-baseline.json']) rmSync(temp(path), { recursive: true });

    writeFileSync(temp('p2mtrace-baseline.json'), baseline);
    for (let index = 1; index <= SHARDS; index++) expect(shard(index).code).toBe(0);
    const merged = run('audit', 'merge', ...NAMES, ...reports('merged'), '--expect', '40', '--update-baseline');
    expect(merged.code).toBe(one.code);
    for (const name of REPORTERS)
      expect(readFileSync(temp(`merged.${name}`), 'utf8')).toBe(readFileSync(temp(`one.${name}`), 'utf8'));
    expect(night()).toBe(oneNight);
    expect(readFileSync(temp('p2mtrace-baseline.json'), 'utf8')).toBe(oneBaseline);
    expect(JSON.parse(readFileSync(temp('merged.json'), 'utf8'))).toMatchObject({
      contents: 10,
      shortfalls: [expect.stringContaining('40 expected')],
    });
    rmSync(temp('p2mtrace-baseline.json'));
    expect(run('audit', 'merge', ...NAMES.toReversed(), '--no-history').code).toBe(1);
    // Ten runs, one after the other: a machine with much else to do takes minutes for them.
  }, 900_000);

  it('tell as passed over what all machines found: state folders and shards come in meanwhile', () => {
    const [one, two, three] = NAMES.map(temp);
    expect(mergeShards([one, two, three]).passedOver.map(({ path }) => path)).toEqual(['in/notes.txt']);
    const contents = readFileSync(two, 'utf8').split('\n')[1];
    const other = contents.replace(/"passedOver":\[.*?\]/, '"passedOver":[{"path":"in/.p2mtrace","why":"hidden"}]');
    writeFileSync(temp('later.p2ma'), `${createHash('sha256').update(other).digest('hex')}\n${other}\n`);
    expect(mergeShards([one, temp('later.p2ma'), three]).passedOver).toEqual([]);
  });

  it('have each content once, whatever its names', () => {
    const results = NAMES.map(name => JSON.parse(readFileSync(temp(name), 'utf8').split('\n')[1]));
    const of = (path: string) =>
      results.flatMap((one, i) => (one.results.some((result: { path: string }) => result.path === path) ? [i] : []));
    expect(of('in/deep/copy')).toEqual(of('in/refcount.leak.ndjson'));
    expect(of('in/deep/copy')).toHaveLength(1);
    // What can't be read has no content: each machine tells it.
    expect(of('in/dangling')).toEqual([0, 1, 2]);
    for (const { files } of results) {
      for (const { path, hash } of files) {
        expect(hash).toBe(
          createHash('sha256')
            .update(readFileSync(temp(path)))
            .digest('hex'),
        );
      }
    }
  });
});

describe('a merge refuses, by name,', () => {
  const text = () => readFileSync(temp(NAMES[1]), 'utf8');
  const sealed = (contents: string) => `${createHash('sha256').update(contents).digest('hex')}\n${contents}\n`;
  /** The second shard with something else in it, and a checksum that fits. */
  const changed = (from: string | RegExp, to: string) => {
    const contents = text().split('\n')[1];
    expect(contents.replace(from, to)).not.toBe(contents);
    return sealed(contents.replace(from, to));
  };
  const refusal = (...names: string[]): { code: string; message: string; file: string | undefined } => {
    try {
      mergeShards(names.map(temp));
    } catch (error) {
      if (error instanceof P2mError) {
        const { code, message, place, blame } = error;
        expect(blame).toBe('input');
        return { code, message: message.replaceAll(`${temp('')}/`, ''), file: place.file?.replace(`${temp('')}/`, '') };
      }
      throw error;
    }
    throw new Error('all was fine');
  };
  /** In place of the second shard, first and later: the first is not to blame for being the first. */
  const refusals = (contents: string, name = 'other.p2ma') => {
    writeFileSync(temp(name), contents);
    const [one, , three] = NAMES;
    const found = [refusal(name, one, three), refusal(one, name, three)];
    expect(found[1]).toEqual(found[0]);
    expect(found[0].file).toBe(name);
    return found[0];
  };

  it('shards that are missing', () => {
    expect(refusal(NAMES[1])).toMatchObject({ code: 'P2M_SHARD', message: 'shards 1, 3 of 3 are missing' });
    expect(refusal(NAMES[0], NAMES[1])).toMatchObject({ code: 'P2M_SHARD', message: 'shard 3 of 3 is missing' });
    const { code, stdout, stderr } = run('audit', 'merge', NAMES[1]);
    expect([code, stdout]).toEqual([3, '']);
    expect(stderr).toContain('P2M_SHARD: shards 1, 3 of 3 are missing');
  });

  it('one that is there twice', () => {
    copyFileSync(temp(NAMES[0]), temp('again.p2ma'));
    const twice = { code: 'P2M_SHARD', message: 'shard 1 of 3 is there twice: shard-1-of-3.p2ma is it as well' };
    expect(refusal(...NAMES, 'again.p2ma')).toEqual({ ...twice, file: 'again.p2ma' });
    expect(refusal(...NAMES, NAMES[0])).toEqual({ ...twice, file: NAMES[0] });
  });

  it('one with other options', () => {
    expect(shard(2, '-o', 'only.p2ma', '--only', 'refcount').code).toBe(0);
    expect(refusals(readFileSync(temp('only.p2ma'), 'utf8'))).toMatchObject({
      code: 'P2M_SHARD',
      message: expect.stringMatching(/^it is not of the audit of shard-1.*: its options, plugins, .* were others$/),
    });
  });

  it.each([
    ['count', /"count":3/, '"count":4', 'it is one of 4 shards, not of 3'],
    ['plugins', '"plugins":[]', '"plugins":["x"]', 'its options, plugins, configuration or symbols were others'],
    ['content of a file', /("in.broken.ndjson","hash":)"[^"]*"/, '$1"00"', 'in/broken.ndjson was another file'],
    ['file', '"in/broken.ndjson","hash"', '"in/late.ndjson","hash"', 'it has in/late.ndjson as well'],
    ['list of files, shorter', /\{"path":"in.broken.ndjson","hash":"[^"]*"\},/, '', 'it lacks in/broken.ndjson'],
  ])('one with another %s', (_, from, to, why) => {
    expect(refusals(changed(from, to))).toMatchObject({ code: 'P2M_SHARD', message: expect.stringContaining(why) });
  });

  it.each([
    ['cut', () => text().slice(0, -100)],
    ['cut by its last byte', () => text().slice(0, -1)],
    ['empty', () => ''],
    ['changed in a byte', () => text().replace('"hash"', '"Hash"')],
    ['something else', () => 'p2mtrace\n'.repeat(100)],
    ['JSON of something else', () => sealed('{"version":1,"findings":[]}')],
    ['no JSON', () => sealed('shard')],
    ['short of a field', () => changed('"plugins":[],', '')],
  ])('one that is %s', (_, make) => {
    const made = make();
    expect(made).not.toBe(text());
    expect(refusals(made)).toMatchObject({ code: 'P2M_SHARD_DAMAGED' });
  });

  it('one of another version, one that is not there, and one without its results', () => {
    const old = refusals(changed(/"tool":"[^"]*"/, '"tool":"0.0.1"'));
    expect(old).toMatchObject({ code: 'P2M_SHARD', message: expect.stringContaining('p2mtrace 0.0.1 made it') });
    expect(refusal(...NAMES, 'absent')).toMatchObject({ code: 'P2M_OPEN', file: 'absent' });
    writeFileSync(temp('lacks'), changed(/"results":.*\]/, '"results":[]'));
    expect(refusal(NAMES[0], 'lacks', NAMES[2]).message).toContain('is not in the one shard that should have it');
  });
});

it('takes what belongs to the merge only there, and refuses what is no shard', () => {
  for (const args of [['--update-baseline'], ['--no-history']]) {
    const { code, stderr } = shard(1, '-o', 'no.p2ma', ...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/P2M_USAGE: --[\w-]+ has no effect on a shard/)]);
  }
  for (const text of ['0/3', '4/3', '3', '1/0', '-1/3', '1/3/3', '1/99999999']) {
    expect(() => parseShard(text), text).toThrow('Expected a shard');
  }
  expect(audit('-o', 'x.p2ma', '--no-history').stderr).toContain('--output is where a shard goes');
  expect(audit('--shard', '1/3', '-o', 'in/refcount.leak.ndjson').stderr).toContain('P2M_SAME_FILE');
});

it('has each hash in one shard, whatever their number', () => {
  const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(bytes => Buffer.from(bytes).toString('hex'));
  fc.assert(
    fc.property(hash, fc.integer({ min: 1, max: 200 }), (text, count) => {
      const takes = Array.from({ length: count }, (_, i) => i + 1).filter(index => isInShard(text, { index, count }));
      // The first 48 bits, as a number of any size.
      expect(takes).toEqual([Number(BigInt(`0x${text.slice(0, 12)}`) % BigInt(count)) + 1]);
    }),
    { seed: 1, numRuns: 200 },
  );
});
