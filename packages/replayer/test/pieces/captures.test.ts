import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { importXentraceFile, KINDS, TraceReader, validateTrace } from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../../trace-format/test/support/temp-dir.js';
import { lossStarts } from '../../src/event-feed.js';
import { type PieceRange, rangesOfEvents, replay, splitTrace, wholeRange } from '../../src/index.js';
import { comparePiece } from './compare-piece.js';

const CAPTURES = join(import.meta.dirname, '../../../../../shared/captures');
const path = tempDir();

/** Quarters, and a cut where records begin to be lost, and just behind that. */
function rangesOf(reader: TraceReader): PieceRange[] {
  const { from, to } = wholeRange(reader);
  const quarters = rangesOfEvents(reader, Math.ceil(reader.rows / 4)).map(range => range.from);
  const losses = lossStarts(reader).flatMap(({ seq }) => [seq, seq + 1]);
  const starts = [...new Set([from, ...quarters, ...losses])].sort((a, b) => a - b);
  return starts.map((start, i) => ({ from: start, to: starts[i + 1] ?? to }));
}

/** Events of each kind. */
const countsOf = (reader: TraceReader) => KINDS.map(({ name }) => reader.metadata.counts?.[name] ?? 0);

describe.skipIf(!existsSync(CAPTURES))('pieces of captures (skipped where ../shared/captures is absent)', () => {
  test.each(['instrumented-pvh-lost.bin', 'instrumented-pv-blk.bin', 'stock-mem-pvh-migrate.bin'])(
    '%s: each comes to the state of the whole, is valid, and has its part of the events',
    async name => {
      const trace = path(`${name}.arrow`);
      await importXentraceFile(join(CAPTURES, name), trace);
      const reader = TraceReader.open(trace);
      const whole = replay(reader, { checkpointEvery: 50_000 });
      const pieces = splitTrace(reader, rangesOf(reader), i => path(`${name}-${i}.arrow`));
      const counts = countsOf(reader).map(() => 0);
      for (const piece of pieces) {
        comparePiece(whole, piece);
        expect((await validateTrace(piece.path)).problems).toEqual([]);
        const own = TraceReader.open(piece.path);
        countsOf(own).forEach((count, kind) => {
          counts[kind] += count;
        });
        own.close();
      }
      const isSnapshot = KINDS.map(({ name: kind }) => kind.startsWith('snapshot'));
      expect(counts.filter((_, kind) => !isSnapshot[kind])).toEqual(
        countsOf(reader).filter((_, kind) => !isSnapshot[kind]),
      );
      whole.close();
      reader.close();
    },
    300_000,
  );
});
