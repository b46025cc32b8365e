import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { OutputFile } from '@p2mtrace/trace-format/output';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.js';

const path = tempDir();

test('writers of one file never meet, in whatever order they write, finish and give up', () => {
  let run = 0;
  const WRITERS = 4;
  const anyStep = fc.tuple(fc.nat(WRITERS - 1), fc.constantFrom('write', 'write', 'write', 'finish', 'discard'));
  const property = (steps: [number, string][]) => {
    const folder = path(String(run++));
    mkdirSync(folder);
    const target = join(folder, 'out');
    const texts = Array.from({ length: WRITERS }, () => '');
    const files = texts.map(() => new OutputFile(target, { durable: false }));
    const isDone = texts.map(() => false);
    let expected: string | undefined;
    for (const [writer, what] of steps) {
      if (isDone[writer]) continue;
      if (what === 'write') {
        files[writer].append(Buffer.from(`${writer}`));
        texts[writer] += `${writer}`;
        continue;
      }
      isDone[writer] = true;
      if (what === 'finish') {
        files[writer].finish();
        expected = texts[writer];
      } else files[writer].discard();
      const left = isDone.filter(done => !done).length + (expected === undefined ? 0 : 1);
      expect(readdirSync(folder)).toHaveLength(left);
      if (expected !== undefined) expect(readFileSync(target, 'utf8')).toBe(expected);
    }
    for (const file of files) file.discard();
    expect(readdirSync(folder)).toEqual(expected === undefined ? [] : ['out']);
  };
  fc.assert(fc.property(fc.array(anyStep, { maxLength: 40 }), property), { seed: 13, numRuns: 100 });
});
