import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import {
  COLUMN_NAMES,
  COMPRESSIONS,
  type ColumnName,
  copyTrace,
  TraceReader,
  validateTrace,
} from '@p2mtrace/trace-format';
import { tableFromIPC as flechetteTable, setCompressionCodec } from '@uwdata/flechette';
import { CompressionType, compressionRegistry, tableFromIPC } from 'apache-arrow';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { codecOf } from '../src/compress/codec-of.js';
import { lz4FrameBound } from '../src/compress/lz4-frame-bound.js';
import { anyEvent } from './support/arbitrary-events.js';
import { expectedRows, type FullRow, type Row, readRows, rowsOf, writeRows } from './support/rows.js';
import { SAMPLE_ROWS } from './support/sample-rows.js';
import { tempDir } from './support/temp-dir.js';

const path = tempDir();

// Neither library has codecs of its own. These have no limits, and are not the calls that are tested.
const lz4 = createRequire(import.meta.url)('lz4-napi');
const zstd = createRequire(import.meta.url)('@foxglove/wasm-zstd');
await zstd.isLoaded;
const codecs = {
  [CompressionType.LZ4_FRAME]: {
    encode: (bytes: Uint8Array): Uint8Array => lz4.compressFrameSync(Buffer.from(bytes)),
    decode: (bytes: Uint8Array): Uint8Array => lz4.decompressFrameSync(Buffer.from(bytes)),
  },
  [CompressionType.ZSTD]: {
    encode: (bytes: Uint8Array): Uint8Array => zstd.compress(Buffer.from(bytes)),
    decode: (bytes: Uint8Array): Uint8Array => zstd.decompress(Buffer.from(bytes), 1 << 20),
  },
};
for (const type of [CompressionType.LZ4_FRAME, CompressionType.ZSTD] as const) {
  compressionRegistry.set(type, codecs[type]);
  setCompressionCodec(type, codecs[type]);
}

function rowsBy(value: (name: ColumnName, row: number) => unknown, count: number): FullRow[] {
  return Array.from({ length: count }, (_, row) =>
    Object.fromEntries(
      COLUMN_NAMES.map(name => {
        const found = value(name, row);
        return [name, found instanceof Uint8Array ? Buffer.from(found).toString('hex') : (found ?? null)];
      }),
    ),
  ) as FullRow[];
}

function byApacheArrow(file: string): FullRow[] {
  const table = tableFromIPC(readFileSync(file));
  return rowsBy((name, row) => table.getChild(name)?.get(row), table.numRows);
}

function byFlechette(file: string): FullRow[] {
  const table = flechetteTable(new Uint8Array(readFileSync(file)), { useBigInt: true });
  return rowsBy((name, row) => table.getChild(name).at(row), table.numRows);
}

describe.each(COMPRESSIONS)('%s', compression => {
  const write = (rows: readonly Row[], batchRows: number) =>
    writeRows(path('t'), rows, batchRows, undefined, { compression });

  test('what is written is read, by us and by other readers', () => {
    write(SAMPLE_ROWS, 3);
    expect(readRows(path('t'))).toEqual(expectedRows(SAMPLE_ROWS));
    expect(byApacheArrow(path('t'))).toEqual(expectedRows(SAMPLE_ROWS));
    expect(byFlechette(path('t'))).toEqual(expectedRows(SAMPLE_ROWS));
    expect(validateTrace(path('t'))).toMatchObject({ whole: true, problems: [] });
  });

  test('whatever the events and however many a batch has', () => {
    const property = (rows: Row[], batchRows: number) => {
      write(rows, batchRows);
      expect(readRows(path('t'))).toEqual(expectedRows(rows));
    };
    fc.assert(fc.property(fc.array(anyEvent, { maxLength: 40 }), fc.integer({ min: 1, max: 20 }), property), {
      numRuns: 25,
    });
  });

  test('a copy without compression has the same events', async () => {
    write(SAMPLE_ROWS, 3);
    const reader = TraceReader.open(path('t'));
    expect(reader.compression).toBe(compression);
    await copyTrace(reader, path('copy'), undefined);
    reader.close();
    expect(readRows(path('copy'))).toEqual(expectedRows(SAMPLE_ROWS));
  });

  /** The trace as another writer would have written it: without checksums. */
  function unchecked(rows: readonly Row[]): Buffer {
    write(rows, 3);
    const text = readFileSync(path('t')).toString('latin1').replaceAll('p2mtrace.crc32', 'another.crc32!');
    return Buffer.from(text, 'latin1');
  }

  test('what has no checksums is read', () => {
    writeFileSync(path('theirs'), unchecked(SAMPLE_ROWS));
    const reader = TraceReader.open(path('theirs'));
    expect(reader).toMatchObject({ compression, checksummed: false });
    expect(rowsOf(reader)).toEqual(expectedRows(SAMPLE_ROWS));
    reader.close();
  });

  test('a wrong byte never breaks the reader, even without checksums', () => {
    const bytes = unchecked(SAMPLE_ROWS.slice(0, 2));
    for (let at = 0; at < bytes.length; at += 41) {
      const wrong = Buffer.from(bytes);
      wrong[at] ^= 0xff;
      writeFileSync(path('wrong'), wrong);
      try {
        const reader = TraceReader.open(path('wrong'));
        try {
          rowsOf(reader);
        } finally {
          reader.close();
        }
      } catch (error) {
        if ((error as Error).name !== 'P2mError') throw new Error(`byte ${at}`, { cause: error });
      }
    }
  });

  test('a wrong byte is found, wherever it is', () => {
    write(SAMPLE_ROWS.slice(0, 2), 3);
    const bytes = readFileSync(path('t'));
    for (let at = 0; at < bytes.length; at += 61) {
      const wrong = Buffer.from(bytes);
      wrong[at] ^= 0xff;
      writeFileSync(path('wrong'), wrong);
      let whole = false;
      try {
        whole = validateTrace(path('wrong')).whole;
      } catch (error) {
        expect(error).toMatchObject({ name: 'P2mError' });
      }
      expect(whole, `byte ${at}`).toBe(false);
    }
  });

  test('what claims to be larger or smaller than its column is refused', () => {
    const codec = codecOf(compression);
    const packed = codec.compress(new Uint8Array(1 << 20)).slice();
    for (const size of [0, 1, (1 << 20) - 1, (1 << 20) + 1]) {
      expect(() => codec.decompress(packed, new Uint8Array(size)), `${size} bytes`).toThrow();
    }
    const into = new Uint8Array(1 << 20).fill(7);
    codec.decompress(packed, into);
    expect(into.every(byte => byte === 0)).toBe(true);
  });

  test('a small file asks for no large memory', () => {
    // 128 MB of zeros in place of a column; without checksums, as only another writer leaves them out.
    const bomb =
      compression === 'zstd' ? zstd.compress(Buffer.alloc(1 << 27)) : lz4.compressFrameSync(Buffer.alloc(1 << 27));
    const before = process.memoryUsage().rss;
    expect(() => codecOf(compression).decompress(bomb, new Uint8Array(4096))).toThrow();
    expect(process.memoryUsage().rss - before).toBeLessThan(64 << 20);
  });
});

test('the most that an LZ4 frame can contain is more than it does', () => {
  const property = (bytes: Uint8Array, times: number) => {
    const content = Buffer.concat(Array.from({ length: times }, () => bytes));
    expect(lz4FrameBound(lz4.compressFrameSync(content))).toBeGreaterThanOrEqual(content.length);
  };
  fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), fc.integer({ min: 0, max: 400 }), property), {
    numRuns: 50,
  });
});
