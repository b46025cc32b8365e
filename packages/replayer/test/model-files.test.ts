import { writeFileSync } from 'node:fs';
import { importNdjson, importXentraceFile, KINDS, type KindName, MM_LOCKS, TraceReader } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tempDir } from '../../trace-format/test/support/temp-dir.js';
import { replay, replayTrace } from '../src/index.js';
import { arbitraryCases, type Case } from './model/arbitrary.js';
import { kindsOf } from './model/arbitrary-events.js';
import { captureOf, RECORDED_KINDS, recorded, tscOf } from './model/capture.js';
import { CASES, expectSame, holds, modelled, ndjsonOf } from './model/compare.js';
import type { TraceEvent } from './model/event.js';
import { inRecordedOrder } from './model/in-recorded-order.js';
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

/** A case with what an import adds: the level of a lock event that has a class alone. */
function imported(one: Case): Case {
  const complete = (event: TraceEvent): TraceEvent => {
    const level = MM_LOCKS.find(({ name }) => name === event.lock_class)?.level;
    return LOCK_EVENTS.includes(event.kind) && level !== undefined ? { level, ...event } : event;
  };
  return { ...one, events: one.events.map(complete) };
}
const LOCK_EVENTS = kindsOf('lock');

/** Rows of the model after each event. */
const modelledRows = (one: Case): StateRows[] => Array.from(modelled(one), modelRows);

test('a trace made from NDJSON replays to what the model has, wherever one jumps in it', async () => {
  const cases = fc
    .tuple(arbitraryCases(ALL, 40), fc.array(fc.nat(), { minLength: 1, maxLength: 8 }))
    .map(([one, jumps]) => ({ ...one, jumps: jumps.map(jump => jump % one.events.length) }));
  const compare = async (one: Case & { readonly jumps: readonly number[] }) => {
    const expected = modelledRows(imported(one));
    const reader = await importedNdjson(one);
    const trace = replay(reader, { checkpointEvery: 5 });
    for (const seq of one.jumps) {
      expectSame(replayerRows(trace.at(seq).replayer, reader.names), expected[seq], seq);
    }
    trace.close();
    expectSame(endOf(reader), expected[expected.length - 1], one.events.length - 1);
  };
  await holds(cases, compare, CASES / 2);
});

/** Cases whose events all have records, as they come back from those. */
const recordedCases = (kinds: readonly KindName[]) =>
  arbitraryCases(kinds, 40)
    .map(one => ({ ...one, events: one.events.flatMap(event => recorded(event) ?? []) }))
    .filter(({ events }) => events.length > 0);

async function importedCapture({ layout, events }: Case): Promise<TraceReader> {
  writeFileSync(path('case.bin'), captureOf(events));
  await importXentraceFile(path('case.bin'), path('capture.arrow'), { layout, xenVersion: '4.18.0' });
  const reader = TraceReader.open(path('capture.arrow'));
  const { health } = reader.metadata;
  expect(health).toMatchObject({ misfits: 0, unknownById: {}, skippedBytes: 0, problems: [] });
  return inRecordedOrder(reader);
}

test('a capture replays to what the model has of its events', async () => {
  const compare = async (one: Case) => {
    const expected = modelledRows(one).at(-1) ?? {};
    expectSame(endOf(await importedCapture(one)), expected, one.events.length - 1);
  };
  await holds(recordedCases(RECORDED_KINDS.filter(kind => kind !== 'lost')), compare, CASES / 2);
});

test('a capture that lost records knows nothing from the first of them on', async () => {
  // Each lost event is about the pcpu's last `count` events, whatever they were.
  const cases = recordedCases(RECORDED_KINDS).map(one => ({
    ...one,
    events: one.events.map((event, seq) => {
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
  await holds(cases, compare, CASES / 2);
});
