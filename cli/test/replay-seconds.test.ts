import { writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { fine, needsBuild, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();

it('replay --show has seconds beside seqs where the frequency is known, and as they are in no other format', () => {
  const map = (tsc: number | undefined, gfn: number) => ({
    ...{ kind: 'set_entry', pcpu: 0, domid: 1, gfn, mfn: 0x100 + gfn, order: 0, p2m_type: 'ram_rw', tsc },
  });
  const header = { p2mtrace: 1, layout: 'P6', tscHz: 1000 };
  const events = [header, map(5000, 1), map(6500, 2), map(undefined, 9)];
  writeFileSync(temp('t.ndjson'), events.map(event => `${JSON.stringify(event)}\n`).join(''));
  fine(['import', temp('t.ndjson'), '-o', temp('t.arrow'), '-q']);
  const shown = (...more: string[]) => fine(['replay', temp('t.arrow'), '--show', 'p2m', ...more]).stdout.trim();
  const cells = (text: string) =>
    text.split('\n').map(line =>
      line
        .trim()
        .split(/\s{2,}/)
        .slice(-2),
    );
  // 1000 ticks a second; the third event has no time.
  expect(cells(shown())).toEqual([
    ['set_seq', 'set_s'],
    ['0-1', '0.000000-1.500000'],
    ['-', '2'],
  ]);
  expect(cells(shown('--cpu-hz', '500'))[1]).toEqual(['0-1', '0.000000-3.000000']);
  expect(shown('--format', 'csv').split('\n')[0]).toMatch(/,set_seq$/);
});
