import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { importNdjson, KIND, TraceReader } from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { tempDir } from '../../trace-format/test/support/temp-dir.js';
import { divergenceRows, replayTrace } from '../src/index.js';
import { stateText } from './support/state-text.js';

/** samples/mails/NAME/{trace.ndjson,states.json}: what the state is at each mark, written by hand from the mail. */
const SAMPLES = join(import.meta.dirname, '../../../samples/mails');
const path = tempDir();

interface Point {
  /** Value of the mark. */
  readonly mark: number;
  /** What it stands for, in words. */
  readonly point: string;
  /** Layout of page_info, where it is not the trace's. */
  readonly layout?: string;
  /** A table has all that is known at that point; what is not named is not looked at. */
  readonly [table: string]: unknown;
}

const names = readdirSync(SAMPLES, { withFileTypes: true }).flatMap(entry => (entry.isDirectory() ? [entry.name] : []));

describe.each(names)('samples/mails/%s', name => {
  const points: Point[] = JSON.parse(readFileSync(join(SAMPLES, name, 'states.json'), 'utf8'));

  test.each(points.map(point => [`${point.mark}${point.layout === undefined ? '' : ` as ${point.layout}`}`, point]))(
    'at mark %s',
    async (_, { mark, point, layout, ...tables }) => {
      const trace = path('case.arrow');
      await importNdjson(join(SAMPLES, name, 'trace.ndjson'), name, trace, { header: { layout } });
      const reader = TraceReader.open(trace);
      const replayer = replayTrace(reader, { until: seqOfMark(reader, mark) });
      const state = stateText(replayer, reader);
      for (const [table, expected] of Object.entries(tables))
        expect(state[table], `${table}: ${point}`).toEqual(expected);
      expect([...divergenceRows(replayer, reader.names)]).toEqual([]);
      reader.close();
    },
  );

  test('every mark of the trace has its state', () => {
    const marks = readFileSync(join(SAMPLES, name, 'trace.ndjson'), 'utf8').matchAll(/"mark","value":(\d+)/g);
    expect([...new Set(points.map(({ mark }) => mark))]).toEqual([...marks].map(([, value]) => Number(value)));
  });
});

function seqOfMark(reader: TraceReader, mark: number): number {
  for (const info of reader.batches) {
    const { kind, arg0 } = reader.read(info, ['kind', 'arg0']).columns;
    const row = kind.findIndex((value, i) => value === KIND.mark && arg0[2 * i] === mark);
    if (row >= 0) return info.firstSeq + row;
  }
  throw new Error(`no mark ${mark}`);
}
