import { copyFileSync, existsSync, readdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { ended, fine, needsBuild, p2mtrace, start, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();

/** Event i maps gfn i to mfn i + 7. */
const EVENTS = 20_000;
beforeAll(() => {
  const lines = Array.from({ length: EVENTS }, (_, i) =>
    JSON.stringify({ kind: 'set_entry', domid: 1, gfn: i, mfn: i + 7, order: 0, p2m_type: 'ram_rw' }),
  );
  writeFileSync(temp('events.ndjson'), lines.join('\n'));
  fine(['import', temp('events.ndjson'), '-o', temp('trace.arrow')]);
});

/** A copy of the trace under that name. */
function trace(name: string): string {
  copyFileSync(temp('trace.arrow'), temp(name));
  return temp(name);
}

const replayed = (path: string, at: number, ...more: string[]) => [
  ...['replay', path, '--show', 'p2m', '--format', 'ndjson', '--at', `#${at}`, '--checkpoint-every', '1000', ...more],
];

function expectEntries(stdout: string, at: number): void {
  const lines = stdout.trimEnd().split('\n');
  expect(lines).toHaveLength(at + 1);
  expect(JSON.parse(lines[at])).toMatchObject({ gfn: `0x${at.toString(16)}`, mfn: `0x${(at + 7).toString(16)}` });
}

describe('checkpoints', () => {
  it('are written by the first jump that needs them, which says so, and used by the next', () => {
    const path = trace('used.arrow');
    const first = fine(replayed(path, 15_000));
    expectEntries(first.stdout, 15_000);
    expect(first.stderr).toMatch(/^p2mtrace: .*used\.arrow\.p2mi \(.* MB\) was written/);
    const second = fine(replayed(path, 5_000));
    expectEntries(second.stdout, 5_000);
    expect(second.stderr).toBe('');
  });

  it('are no part of the trace: whatever becomes of them, all else is as it was', () => {
    const path = trace('apart.arrow');
    const validated = fine(['validate', path]).stdout;
    fine(replayed(path, 15_000));
    writeFileSync(`${path}.p2mi`, 'no checkpoints');
    expect(fine(['validate', path]).stdout).toBe(validated);
    const { stdout, stderr } = fine(replayed(path, 15_000));
    expectEntries(stdout, 15_000);
    expect(stderr).toMatch(/of no use.*\n.*was written/);
  });

  it('are left alone with --no-index', () => {
    const path = trace('without.arrow');
    const { stdout, stderr } = fine(replayed(path, 15_000, '--no-index'));
    expectEntries(stdout, 15_000);
    expect(stderr).toBe('');
    expect(existsSync(`${path}.p2mi`)).toBe(false);
  });

  it('may be made by several processes at a time', async () => {
    const path = trace('shared.arrow');
    const children = [15_000, 16_000, 19_999].map(async at => ({ at, ...(await ended(start(replayed(path, at)))) }));
    for (const { at, code, stdout } of await Promise.all(children)) {
      expect(code).toBe(0);
      expectEntries(stdout, at);
    }
    expect(readdirSync(temp('.')).filter(name => name.startsWith('shared'))).toEqual([
      'shared.arrow',
      'shared.arrow.p2mi',
    ]);
    const { stdout, stderr } = fine(replayed(path, 12_345));
    expectEntries(stdout, 12_345);
    expect(stderr).toBe('');
  });

  it('lie at least one event apart', () => {
    expect(p2mtrace(['replay', temp('trace.arrow'), '--checkpoint-every', '0'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('at least one event'),
    });
  });
});
