import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importXentraceFile, isValid, KIND, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, test } from 'vitest';
import { replay } from '../src/index.js';
import { expectSameFields } from './support/same-fields.js';
import { expectSameState, stateOf } from './support/same-state.js';

const CAPTURES = join(import.meta.dirname, '../../../../shared/captures');
const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** Events here and there, and those around the point from which on records are lost, and around the lost event. */
function positions(reader: TraceReader): number[] {
  const spread = Array.from({ length: 10 }, (_, i) => Math.floor((reader.rows * ((i * 0.618_034) % 1)) % reader.rows));
  const around = lossSeqs(reader).flatMap(seq => [seq - 1, seq, seq + 1, seq + 5000]);
  return [...spread, ...around.filter(seq => seq < reader.rows)];
}

function lossSeqs(reader: TraceReader): number[] {
  const starts = (reader.metadata.health?.lost ?? []).map(({ firstTsc }) => BigInt(firstTsc));
  const seqs: number[] = [];
  for (const info of reader.batches) {
    const { columns, validity, firstSeq, rows } = reader.read(info, ['kind', 'tsc']);
    for (let row = 0; row < rows; row++) {
      if (columns.kind[row] === KIND.lost) seqs.push(firstSeq + row);
      const tsc = (BigInt(columns.tsc[2 * row + 1]) << 32n) | BigInt(columns.tsc[2 * row]);
      while (starts.length > 0 && isValid(validity.tsc, row) && tsc >= starts[0]) {
        seqs.push(firstSeq + row);
        starts.shift();
      }
    }
  }
  return seqs;
}

describe.skipIf(!existsSync(CAPTURES))('jumps (skipped where ../shared/captures is absent)', () => {
  test.each(['instrumented-pvh-lost.bin', 'instrumented-pv-blk.bin', 'stock-mem-pvh-migrate.bin'])(
    '%s: at any event the state of a replay from the start',
    async name => {
      const path = join(folder, `${name}.arrow`);
      await importXentraceFile(join(CAPTURES, name), path);
      const reader = TraceReader.open(path);
      const all = positions(reader);
      const straight = replay(reader, { index: false });
      const states = new Map(
        all.toSorted((a, b) => a - b).map(seq => [seq, stateOf(straight.at(seq).replayer)] as const),
      );
      const notices: string[] = [];
      const trace = replay(reader, { checkpointEvery: 10_000, onNotice: text => notices.push(text) });
      for (const seq of all) expectSameState(stateOf(trace.at(seq).replayer), states.get(seq) ?? new Map());
      trace.at(1000);
      expectSameFields(trace.at('end').replayer, replay(reader, { index: false }).at('end').replayer);
      expect(notices.every(text => text.includes('was written'))).toBe(true);
      trace.close();
      reader.close();
    },
    60_000,
  );
});
