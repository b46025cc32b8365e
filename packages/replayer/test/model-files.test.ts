import { writeFileSync } from 'node:fs';
import { importNdjson, importXentraceFile, KINDS, type KindName, TraceReader } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { tempDir } from '../../trace-format/test/support/temp-dir.js';
import { replay, replayTrace } from '../src/index.js';
import { arbitraryCases, type Case } from './model/arbitrary.js';
import { captureOf, RECORDED_KINDS, recorded } from './model/capture.js';
import { CASES, expectSame, holds, modelled, ndjsonOf } from './model/compare.js';
import { modelRows, replayerRows, type StateRows } from './model/rows.js';

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

test('a capture replays to the same as the NDJSON of its events', async () => {
  const cases = arbitraryCases(RECORDED_KINDS, 40)
    .map(({ layout, events }) => ({ layout, events: events.flatMap(event => recorded(event) ?? []) }))
    .filter(({ events }) => events.length > 0);
  const compare = async (one: Case) => {
    writeFileSync(path('case.bin'), captureOf(one.events));
    await importXentraceFile(path('case.bin'), path('capture.arrow'), { layout: one.layout, xenVersion: '4.18.0' });
    const capture = TraceReader.open(path('capture.arrow'));
    expect(capture.metadata.health).toMatchObject({ misfits: 0, unknownById: {}, skippedBytes: 0, problems: [] });
    const rows = endOf(capture);
    expectSame(rows, endOf(await importedNdjson(one)), one.events.length - 1);
    expectSame(rows, modelledRows(one).at(-1) ?? {}, one.events.length - 1);
  };
  await holds(cases, compare, CASES / 5);
});

test('wherever one jumps, the state is that of the model', async () => {
  const jumps = fc.sample(fc.array(fc.nat(), { minLength: 1, maxLength: 12 }), { numRuns: 64, seed: 1 });
  let run = 0;
  const compare = async (one: Case) => {
    const expected = modelledRows(one);
    const reader = await importedNdjson(one);
    const trace = replay(reader, { checkpointEvery: 5 });
    for (const jump of jumps[run++ % jumps.length]) {
      const seq = jump % one.events.length;
      expectSame(replayerRows(trace.at(seq).replayer, reader.names), expected[seq], seq);
    }
    trace.close();
    reader.close();
  };
  await holds(arbitraryCases(ALL, 40), compare, CASES / 5);
});
