import { readFileSync, writeFileSync } from 'node:fs';
import {
  exportNdjson,
  importNdjson,
  importXentraceFile,
  KINDS,
  type KindName,
  TraceReader,
} from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tempDir } from '../../../trace-format/test/support/temp-dir.js';
import { rangesOfEvents, replay, splitTrace } from '../../src/index.js';
import { arbitraryCases, type Case } from '../model/arbitrary.js';
import { captureOf, RECORDED_KINDS, recorded, tscOf } from '../model/capture.js';
import { CASES, holds, ndjsonOf } from '../model/compare.js';
import { divergencesSince, ofPiece, ofWhole, stateTables, tableDifferences } from './state-tables.js';

const ALL = KINDS.map(({ name }) => name as KindName);
const path = tempDir();

interface SplitCase extends Case {
  readonly every: number;
}

const split = (cases: fc.Arbitrary<Case>): fc.Arbitrary<SplitCase> =>
  fc.tuple(cases, fc.integer({ min: 1, max: 15 })).map(([one, every]) => ({ ...one, every }));

/** Each piece is the state of the whole at its end, and meets what the whole meets on the way. */
function compareSplit(reader: TraceReader, every: number): void {
  const whole = replay(reader, { index: false });
  const ranges = rangesOfEvents(reader, every);
  const pieces = splitTrace(reader, ranges, i => path(`piece-${i}.arrow`));
  expect(pieces.map(({ range }) => range)).toEqual(ranges);
  for (const { path: name, range } of pieces) {
    const piece = TraceReader.open(name);
    try {
      const before = whole.at(range.from - 1).replayer;
      const [suppressed, outOfRange] = [before.suppressed, before.outOfRange];
      const now = whole.at(range.to - 1).replayer;
      const own = replay(piece, { index: false }).at('end').replayer;
      const expected = stateTables(now, reader, ofWhole(range.from));
      const found = tableDifferences(stateTables(own, piece, ofPiece(piece)), expected);
      if (found.length > 0) throw new Error([`events ${range.from} to ${range.to - 1}:`, ...found].join('\n'));
      expect(divergencesSince(own, piece, ofPiece(piece))).toEqual(divergencesSince(now, reader, ofWhole(range.from)));
      expect([own.suppressed, own.outOfRange]).toEqual([now.suppressed - suppressed, now.outOfRange - outOfRange]);
    } finally {
      piece.close();
    }
  }
}

/** Events as NDJSON, without their seqs. */
async function lines(reader: TraceReader, from = 0): Promise<string[]> {
  let text = '';
  await exportNdjson(
    reader,
    async more => {
      text += more;
    },
    { from },
  );
  return text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('{"p2mtrace"'))
    .map(line => line.replace(/"seq":\d+,/, ''));
}

test('pieces of any trace replay to what the whole replays to', async () => {
  await holds(
    split(arbitraryCases(ALL, 40)),
    async one => {
      writeFileSync(path('case.ndjson'), ndjsonOf(one));
      await importNdjson(path('case.ndjson'), 'case', path('case.arrow'), { batchRows: 8 });
      const reader = TraceReader.open(path('case.arrow'));
      try {
        compareSplit(reader, one.every);
      } finally {
        reader.close();
      }
    },
    CASES / 5,
  );
}, 120_000);
