import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { CheckpointFile } from '../src/checkpoints/checkpoint-file.js';
import { INDEX_VERSION, PIECE } from '../src/checkpoints/checkpoint-format.js';
import { CheckpointWriter } from '../src/checkpoints/checkpoint-writer.js';
import type { ImageContents } from '../src/index.js';
import { expectSameState } from './support/same-state.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'index');

/** Writes these states as checkpoints 0, 1, …; returns the file and its size after each. */
function written(states: readonly ImageContents[]): { file: CheckpointFile; sizes: number[] } {
  const writer = new CheckpointWriter(path);
  const sizes = states.map((contents, seq) => {
    writer.add(seq, contents);
    return writer.size;
  });
  writer.finish({ version: INDEX_VERSION, trace: 'this one', every: 1, until: states.length });
  const file = CheckpointFile.open(path, 'this one');
  if (file === undefined) throw new Error('not the file just written');
  return { file, sizes };
}

/** Arrays that grow, shrink, come, go and change here and there from state to state. */
const arbitraryStates = fc.array(
  fc.dictionary(
    fc.constantFrom('a', 'b/c'),
    fc.record({
      length: fc.constantFrom(0, 1, PIECE / 4, PIECE / 4 + 3, PIECE),
      marks: fc.array(fc.record({ at: fc.nat(PIECE), value: fc.constantFrom(0, 1, 2, 0xffff_ffff) }), { maxLength: 3 }),
    }),
  ),
  { minLength: 1, maxLength: 6 },
);

describe('checkpoints in a file', () => {
  test('each is what was saved, whatever the ones before it had', () => {
    const property = fc.property(arbitraryStates, described => {
      const states = described.map(arrays => {
        const entries = Object.entries(arrays).map(([name, { length, marks }]) => {
          const array = new Uint32Array(length);
          for (const { at, value } of marks) if (at < length) array[at] = value;
          return [name, array] as const;
        });
        return new Map(entries);
      });
      const { file } = written(states);
      states.forEach((state, seq) => {
        const checkpoint = file.before(seq);
        expect(checkpoint?.seq).toBe(seq);
        if (checkpoint !== undefined) expectSameState(file.load(checkpoint), state);
      });
      file.close();
    });
    fc.assert(property, { numRuns: 200 });
  });

  test('takes the pieces that changed, and none for zeros', () => {
    const state = new Map([['many', new Float64Array(PIECE)]]);
    const changed = new Map([['many', state.get('many')?.slice() ?? new Float64Array(0)]]);
    changed.get('many')?.fill(5, 2000, 2001);
    const { file, sizes } = written([state, state, changed, changed]);
    file.close();
    // A directory of 8 bytes for each of 8 pieces, and a few words; once a piece of 4096 bytes besides.
    const took = sizes.map((size, i) => size - (sizes[i - 1] ?? 0));
    expect(took.map(bytes => Math.floor(bytes / PIECE))).toEqual([0, 0, 1, 0]);
  });

  test('of another trace, or absent', () => {
    written([]).file.close();
    expect(CheckpointFile.open(path, 'another one')).toBeUndefined();
    expect(CheckpointFile.open(join(folder, 'absent'), 'this one')).toBeUndefined();
  });

  test('given up, nothing is left', () => {
    const before = statSync(path).mtimeMs;
    const writer = new CheckpointWriter(path);
    writer.add(0, new Map([['a', new Uint8Array(9).fill(1)]]));
    writer.abort();
    expect(readdirSync(folder)).toEqual(['index']);
    expect(statSync(path).mtimeMs).toBe(before);
  });
});
