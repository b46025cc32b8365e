import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import {
  BatchMemory,
  COLUMN_NAMES,
  exportNdjson,
  importNdjson,
  importXentraceFile,
  TraceReader,
  validateTrace,
} from '@p2mtrace/trace-format';
import { expect, test } from 'vitest';
import { tempDir } from '../support/temp-dir.js';

const path = tempDir();
const captures = fileURLToPath(new URL('../../../../../shared/captures/', import.meta.url));

/** The text of a trace, chunk by chunk as it is made. */
async function* textOf(reader: TraceReader): AsyncGenerator<Uint8Array> {
  const chunks: string[] = [];
  await exportNdjson(reader, text => void chunks.push(text));
  for (const chunk of chunks) yield Buffer.from(chunk);
}

// Records of real hypervisors; where the captures are absent this is skipped.
// Skipped where ../shared/captures is absent.
test.skipIf(!existsSync(captures)).each(['stock-mem-pv-blk.bin', 'stock-mem-pvh.bin', 'instrumented-pv-blk.bin'])(
  'a capture comes back from its text: %s',
  async name => {
    await importXentraceFile(`${captures}${name}`, path('a.arrow'));
    const a = TraceReader.open(path('a.arrow'));
    await importNdjson(textOf(a), name, path('b.arrow'));
    const b = TraceReader.open(path('b.arrow'));
    expect(validateTrace(path('b.arrow'))).toMatchObject({ whole: true, rows: a.rows });
    // The names are met in the same order, so that even their indices are equal.
    expect(b.names).toEqual(a.names);
    expect(b.metadata.counts).toEqual(a.metadata.counts);
    const [ofA, ofB] = [new BatchMemory(), new BatchMemory()];
    for (const info of a.batches) {
      const [left, right] = [a.read(info, COLUMN_NAMES, ofA), b.read(b.batches[info.index], COLUMN_NAMES, ofB)];
      for (const column of COLUMN_NAMES) {
        const same =
          sameBytes(left.columns[column], right.columns[column]) &&
          sameBytes(left.validity[column], right.validity[column]);
        expect(same, `${column} of batch ${info.index}`).toBe(true);
      }
      expect(sameBytes(left.rawOffsets, right.rawOffsets)).toBe(true);
    }
    a.close();
    b.close();
  },
);

function sameBytes(a: ArrayBufferView | undefined, b: ArrayBufferView | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  const bytes = (view: ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return bytes(a).equals(bytes(b));
}
