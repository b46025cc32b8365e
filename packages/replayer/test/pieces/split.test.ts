import { writeFileSync } from 'node:fs';
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
import { inRecordedOrder } from '../model/in-recorded-order.js';
import { comparePiece } from './compare-piece.js';

const ALL = KINDS.map(({ name }) => name as KindName);
const path = tempDir();

interface SplitCase extends Case {
  /** Events of a piece. */
  readonly every: number;
}

const split = (cases: fc.Arbitrary<Case>): fc.Arbitrary<SplitCase> =>
  fc.tuple(cases, fc.integer({ min: 1, max: 15 })).map(([one, every]) => ({ ...one, every }));

/** Each piece comes to the state of the whole at its end, and together they have every event once. */
async function compareSplit(trace: string, every: number): Promise<void> {
  const reader = TraceReader.open(trace);
  if (reader.metadata.health !== undefined) inRecordedOrder(reader);
  const whole = replay(reader, { index: false });
  try {
    const ranges = rangesOfEvents(reader, every);
    const pieces = splitTrace(reader, ranges, i => path(`piece-${i}.arrow`));
    expect(pieces.map(({ range }) => range)).toEqual(ranges);
    const events: string[] = [];
    for (const piece of pieces) {
      comparePiece(whole, piece);
      events.push(...(await eventsOf(piece.path, piece.snapshots)));
    }
    expect(events).toEqual(await eventsOf(trace));
  } finally {
    whole.close();
    reader.close();
  }
}

/** Events as NDJSON, but for their seqs. */
async function eventsOf(trace: string, from = 0): Promise<string[]> {
  const reader = TraceReader.open(trace);
  let text = '';
  const write = async (more: string) => {
    text += more;
  };
  await exportNdjson(reader, write, { from });
  reader.close();
  const lines = text.split('\n').filter(line => line.includes('"kind"'));
  return lines.map(line => line.replace(/"seq":\d+,/, ''));
}

test('pieces of any trace', async () => {
  const compare = async (one: SplitCase) => {
    writeFileSync(path('case.ndjson'), ndjsonOf(one));
    await importNdjson(path('case.ndjson'), 'case', path('case.arrow'), { batchRows: 8 });
    await compareSplit(path('case.arrow'), one.every);
  };
  await holds(split(arbitraryCases(ALL, 40)), compare, CASES / 20);
});

test('pieces of a capture that lost records', async () => {
  // Each lost event is about the last `count` events, whatever they were.
  const cases = arbitraryCases(RECORDED_KINDS, 40)
    .map(one => ({ ...one, events: one.events.flatMap(event => recorded(event) ?? []) }))
    .filter(({ events }) => events.length > 0)
    .map(({ events, ...one }) => ({
      ...one,
      events: events.map((event, seq) => {
        const first = Math.max(0, seq - Number(event.count ?? 0n));
        return event.kind === 'lost' ? { ...event, first_tsc: BigInt(tscOf(first)) } : event;
      }),
    }));
  const compare = async ({ layout, events, every }: SplitCase) => {
    writeFileSync(path('case.bin'), captureOf(events));
    await importXentraceFile(path('case.bin'), path('capture.arrow'), { layout, xenVersion: '4.18.0' });
    await compareSplit(path('capture.arrow'), every);
  };
  await holds(split(cases), compare, CASES / 20);
});
