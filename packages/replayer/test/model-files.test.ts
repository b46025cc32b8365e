import { writeFileSync } from 'node:fs';
import { importNdjson, importXentraceFile, KINDS, type KindName, TraceReader } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tempDir } from '../../trace-format/test/support/temp-dir.js';
import { type Replayer, replay, replayTrace, type StateArray, saveState } from '../src/index.js';
import { arbitraryCases, type Case } from './model/arbitrary.js';
import { captureOf, RECORDED_KINDS, recorded, tscOf } from './model/capture.js';
import { CASES, expectSame, holds, modelled, ndjsonOf } from './model/compare.js';
import { modelRows } from './model/model-rows.js';
import { replayerRows } from './model/replayer-rows.js';
import type { StateRows } from './model/rows.js';

const ALL = KINDS.map(({ name }) => name as KindName);
const path = tempDir();

/** Rows a batch: so few that cases have several of them. */
const BATCH_ROWS = 8;

async function importedNdjson(one: Case): Promise<TraceReader> {
  writeFileSync(path('case.ndjson'), ndjsonOf(one));
  await importNdjson(path('case.ndjson'), 'case', path('case.arrow'), { batchRows: BATCH_ROWS });
  return TraceReader.open(path('case.arrow'));
}

function endOf(reader: TraceReader): StateRows {
  const rows = replayerRows(replayTrace(reader), reader.names);
  reader.close();
  return rows;
}

/** Rows of the model after each event. */
const modelledRows = (one: Case): StateRows[] => Array.from(modelled(one), modelRows);

test('a trace made from NDJSON replays to what the model has', async () => {
  await holds(
    arbitraryCases(ALL, 40),
    async one => expectSame(endOf(await importedNdjson(one)), modelledRows(one).at(-1) ?? {}, one.events.length - 1),
    CASES / 5,
  );
});

/** Cases whose events all have records, as they come back from those. */
const recordedCases = (kinds: readonly KindName[]) =>
  arbitraryCases(kinds, 40)
    .map(({ layout, events }) => ({ layout, events: events.flatMap(event => recorded(event) ?? []) }))
    .filter(({ events }) => events.length > 0);

async function importedCapture({ layout, events }: Case): Promise<TraceReader> {
  writeFileSync(path('case.bin'), captureOf(events));
  await importXentraceFile(path('case.bin'), path('capture.arrow'), { layout, xenVersion: '4.18.0' });
  const reader = TraceReader.open(path('capture.arrow'));
  expect(reader.metadata.health).toMatchObject({ misfits: 0, unknownById: {}, skippedBytes: 0, problems: [] });
  return reader;
}

test('a capture replays to the same as the NDJSON of its events', async () => {
  const compare = async (one: Case) => {
    const rows = endOf(await importedCapture(one));
    expectSame(rows, endOf(await importedNdjson(one)), one.events.length - 1);
    expectSame(rows, modelledRows(one).at(-1) ?? {}, one.events.length - 1);
  };
  await holds(recordedCases(RECORDED_KINDS.filter(kind => kind !== 'lost')), compare, CASES / 5);
});

test('a capture that lost records knows nothing from the first of them on', async () => {
  // Each lost event is about the pcpu's last `count` events, whatever they were.
  const cases = recordedCases(RECORDED_KINDS).map(({ layout, events }) => ({
    layout,
    events: events.map((event, seq) => {
      const first = Math.max(0, seq - Number(event.count ?? 0n));
      return event.kind === 'lost' ? { ...event, first_tsc: BigInt(tscOf(first)) } : event;
    }),
  }));
  const compare = async (one: Case) => {
    const losses = one.events.flatMap(({ kind, pcpu = 0, first_tsc = 0n }) =>
      kind === 'lost' ? [{ seq: Number(first_tsc) - tscOf(0), pcpu }] : [],
    );
    const expected = Array.from(modelled(one, losses), modelRows).at(-1) ?? {};
    expectSame(endOf(await importedCapture(one)), expected, one.events.length - 1);
  };
  await holds(cases, compare, CASES / 5);
});

/** Bytes of an array, but for the zeros at its end: how much room it has to grow is as it may be. */
function bytesOf(array: StateArray | undefined): Buffer | undefined {
  if (array === undefined) return undefined;
  let length = array.length;
  while (length > 0 && Object.is(array[length - 1], 0)) length--;
  return Buffer.from(array.buffer, array.byteOffset, length * array.BYTES_PER_ELEMENT);
}

/** Names of the parts in which two states differ. */
function differingParts(a: Replayer, b: Replayer): string[] {
  const [images, others] = [saveState(a), saveState(b)];
  const names = new Set([...images.keys(), ...others.keys()]);
  return [...names].filter(name => {
    const [mine, theirs] = [bytesOf(images.get(name)), bytesOf(others.get(name))];
    return mine === undefined || theirs === undefined || !mine.equals(theirs);
  });
}

test('wherever one jumps, the state is that of the model, and bit for bit that of a replay from the start', async () => {
  const cases = fc
    .tuple(arbitraryCases(ALL, 40), fc.array(fc.nat(), { minLength: 1, maxLength: 12 }))
    .map(([one, jumps]) => ({ ...one, jumps: jumps.map(jump => jump % one.events.length) }));
  await holds(
    cases,
    async one => {
      const expected = modelledRows(one);
      const reader = await importedNdjson(one);
      const trace = replay(reader, { checkpointEvery: 5 });
      for (const seq of one.jumps) {
        const { replayer } = trace.at(seq);
        expectSame(replayerRows(replayer, reader.names), expected[seq], seq);
        expect(differingParts(replayer, replayTrace(reader, { until: seq + 1 }))).toEqual([]);
      }
      trace.close();
      reader.close();
    },
    CASES / 5,
  );
});
