import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { BIN, needsBuild, p2mtrace } from './support/cli.js';

needsBuild();

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-budgets-'));
const trace = join(folder, 't.arrow');
beforeAll(() => {
  const input = join(folder, 't.ndjson');
  writeFileSync(input, '{"kind":"page_alloc","pcpu":0,"mfn":"0x10","order":0,"owner":1}\n');
  expect(p2mtrace(['import', input, '-o', trace, '-q']).code).toBe(0);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('sql', () => {
  const sql = (...args: string[]) => p2mtrace(['sql', trace, ...args]);

  test('a query that takes too long ends with exit 5, and says how to allow more', () => {
    const { code, stderr } = sql('select count(*) from range(100000000000) a', '--time-limit', '2s');
    expect([code, stderr]).toEqual([5, expect.stringMatching(/P2M_TIME_LIMIT: .* 2 s\n.*--time-limit/)]);
  });

  test('so does one that takes too much memory', () => {
    const query = 'select len(list(i)) from range(1000000000) t(i)';
    const { code, stderr } = sql(query, '--memory', '600M', '--memory-limit', '100GB');
    expect([code, stderr]).toEqual([5, expect.stringMatching(/P2M_MEMORY: .* 600 MiB .*\n.*--memory/)]);
  });

  test('times that JavaScript does not have are shown as DuckDB writes them', () => {
    const { code, stdout } = sql(
      `select 'infinity'::timestamp as a, date '5881580-07-10' as b, '-infinity'::date as c`,
    );
    expect([code, stdout]).toEqual([0, 'a,b,c\ninfinity,5881580-07-10,-infinity\n']);
  });

  test.each([
    ["call enable_logging('QueryLog', storage='stdout')", []],
    ['select 1 \0 garbage', undefined],
    ['select $n', ['--param', `n=${2n ** 128n}`]],
    ['select 1', ['--threads', '100000']],
  ])('%s is refused', (query, args) => {
    const file = join(folder, 'query.sql');
    writeFileSync(file, query);
    const { code, stderr } = args === undefined ? sql('-f', file) : sql(query, ...args);
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^p2mtrace: P2M_(SQL|USAGE): /)]);
  });
});

test.each(['info', 'validate', 'replay'])('%s does not wait at a FIFO', command => {
  const fifo = join(folder, `${command}.fifo`);
  execFileSync('mkfifo', [fifo]);
  const { code, stderr } = p2mtrace([command, fifo]);
  expect([code, stderr]).toEqual([3, expect.stringContaining('P2M_NOT_A_FILE')]);
});

test.skipIf(process.platform === 'win32').each([20, 40])('%d open files: an error that is told, or none', most => {
  const { status, stderr } = spawnSync(
    'sh',
    ['-c', `ulimit -n ${most}; exec "$@"`, 'sh', process.execPath, BIN, 'info', trace],
    {
      encoding: 'utf8',
    },
  );
  expect([status === 0 ? 3 : status, stderr]).toEqual([
    3,
    expect.toBeOneOf(['', expect.stringMatching(/^p2mtrace: P2M_\w+: /)]),
  ]);
});

test('a gzip that grows without end is refused, and --max-bytes says how far it may', () => {
  const bomb = join(folder, 'bomb.gz');
  writeFileSync(bomb, gzipSync(Buffer.concat([Buffer.from('# zeros\n'), Buffer.alloc(2 ** 26, '\n')])));
  const output = join(folder, 'bomb.arrow');
  expect(p2mtrace(['import', bomb, '-o', output])).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(/P2M_MAX_BYTES: the gzip grows to more than 200 times its size.*\n.*--max-bytes/),
  });
  expect(p2mtrace(['import', bomb, '-o', output, '--max-bytes', '1M']).code).toBe(5);
});
