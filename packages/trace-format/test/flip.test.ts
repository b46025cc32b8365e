import { closeSync, copyFileSync, openSync, readFileSync, writeSync } from 'node:fs';
import { TraceReader, validateTrace } from '@p2mtrace/trace-format';
import { beforeAll, expect, test } from 'vitest';
import { expectPrefix } from './support/expect-prefix.js';
import { look } from './support/look.js';
import { expectedRows, writeRows } from './support/rows.js';
import { SAMPLE_ROWS } from './support/sample-rows.js';
import { tempDir } from './support/temp-dir.js';

const path = tempDir();
const BATCH_ROWS = 4;
const expected = expectedRows(SAMPLE_ROWS);

beforeAll(() => writeRows(path('whole'), SAMPLE_ROWS, BATCH_ROWS));

test('a trace with one wrong byte is reported wherever it is, and nothing wrong is read from it', () => {
  const bytes = readFileSync(path('whole'));
  copyFileSync(path('whole'), path('wrong'));
  const fd = openSync(path('wrong'), 'r+');
  for (let at = 0; at < bytes.length; at++) {
    // One bit, another one from byte to byte, and all of them now and then.
    const wrong = at % 9 === 8 ? 0xff : 1 << (at % 9);
    writeSync(fd, Uint8Array.of(bytes[at] ^ wrong), 0, 1, at);
    const { validator, rows } = look(path('wrong'));
    if (validator === undefined) throw new Error(`byte ${at}`);
    expectPrefix(rows, expected, BATCH_ROWS);
    writeSync(fd, bytes, at, 1, at);
  }
  closeSync(fd);
  expect(readFileSync(path('wrong')).equals(bytes)).toBe(true);
}, 240_000);

test('a damaged batch is named, and the batches behind it are looked at too', () => {
  const reader = TraceReader.open(path('whole'));
  const [first, second] = reader.batches;
  reader.close();
  const bytes = readFileSync(path('whole'));
  const fd = openSync(path('two'), 'w');
  writeSync(fd, bytes);
  // The first byte of each body belongs to seq.
  for (const { body } of [first, second]) writeSync(fd, Uint8Array.of(bytes[body] ^ 0x55), 0, 1, body);
  closeSync(fd);
  const what = 'the checksum of column seq does not match';
  expect(validateTrace(path('two'))).toEqual({
    batches: 2,
    rows: 7,
    checksummed: true,
    whole: false,
    problems: [
      { code: 'P2M_DAMAGED', what, byte: first.body, batch: 0 },
      { code: 'P2M_DAMAGED', what, byte: second.body, batch: 1 },
    ],
  });
});
