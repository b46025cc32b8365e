import { appendFileSync, closeSync, copyFileSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import {
  BatchBlock,
  defaultMetadata,
  type EventBatch,
  KIND,
  type NewNames,
  PRESENT,
  setU64,
  TraceWriter,
  validateTrace,
} from '@p2mtrace/trace-format';
import { describe, expect, test } from 'vitest';
import { BatchMessages } from '../src/ipc/batch-messages.js';
import { encodeDictionaryMessage, encodeSchemaMessage } from '../src/ipc/encode-message.js';
import { batchJob } from '../src/write/batch-job.js';
import { BatchWriter } from '../src/write/batch-writer.js';

import { writeRows } from './support/rows.js';
import { SAMPLE_ROWS } from './support/sample-rows.js';
import { tempDir } from './support/temp-dir.js';

const path = tempDir();
const EOS = Buffer.from('ffffffff00000000', 'hex');

/** Two lock events whose classes are these indices. */
function lockBatch(classes: readonly number[]): EventBatch {
  const [batch] = new BatchBlock(4, 1).batches;
  classes.forEach((index, row) => {
    batch.columns.kind[row] = KIND.lock_wait;
    batch.columns.lock_class[row] = index;
    batch.present[row] = PRESENT.lock_class;
    setU64(batch.columns.tsc, row, 0n);
  });
  batch.rows = classes.length;
  return batch;
}

/** A stream of our own messages whose batches start at these seqs; every checksum is right. */
function stream(batches: readonly { seq: number; classes: readonly number[] }[]): string {
  const parts: Uint8Array[] = [
    encodeSchemaMessage([
      ['p2mtrace.schema_version', '2'],
      ['p2mtrace.metadata', JSON.stringify(defaultMetadata('test'))],
    ]),
  ];
  const dictionary = (id: number, names: string[]) => {
    const { metadata, body } = encodeDictionaryMessage(id, names, false);
    parts.push(metadata, body);
  };
  dictionary(0, Object.keys(KIND));
  dictionary(5, ['one', 'two', 'three']);
  writeFileSync(path('s'), Buffer.concat(parts));
  const messages = new BatchMessages();
  const fd = openSync(path('s'), 'r+');
  let at = Buffer.concat(parts).length;
  for (const { seq, classes } of batches) {
    const batch = lockBatch(classes);
    const job = batchJob(batch, messages, seq, fd, at, []);
    new BatchWriter().write(batch, job);
    at += job.message.framed.length + job.bodyBytes;
  }
  closeSync(fd);
  appendFileSync(path('s'), EOS);
  return path('s');
}

function problemsOf(file: string): string[] {
  return validateTrace(file).problems.map(({ code, what, batch }) => `${code} ${batch ?? '-'}: ${what}`);
}

describe('the contents', () => {
  test('are whole', () => {
    expect(
      validateTrace(
        stream([
          { seq: 0, classes: [0, 1] },
          { seq: 2, classes: [2] },
        ]),
      ),
    ).toEqual({ batches: 2, rows: 3, checksummed: true, whole: true, problems: [] });
  });

  test('miss events', () => {
    const file = stream([
      { seq: 0, classes: [0, 1] },
      { seq: 3, classes: [2] },
    ]);
    expect(problemsOf(file)).toEqual(['P2M_SEQ 1: a batch starts with seq 3 instead of 2']);
  });

  test('have events twice', () => {
    const file = stream([
      { seq: 0, classes: [0, 1] },
      { seq: 1, classes: [2] },
    ]);
    expect(problemsOf(file)).toEqual(['P2M_SEQ 1: a batch starts with seq 1 instead of 2']);
  });

  test('use a name that does not exist', () => {
    const file = stream([{ seq: 0, classes: [2, 3] }]);
    expect(problemsOf(file)).toEqual(['P2M_NAME 0: lock_class of row 1 is 3, but there are 3 names']);
  });

  test('use a kind that does not exist', () => {
    const writer = new TraceWriter(path('k'), defaultMetadata('test'), 4);
    const batch = writer.acquire();
    const kinds = Object.keys(KIND).length;
    batch.columns.kind[0] = kinds;
    batch.rows = 1;
    writer.submit(batch, {});
    writer.finish(defaultMetadata('test'));
    expect(problemsOf(path('k'))).toEqual([`P2M_NAME 0: kind of row 0 is ${kinds}, but there are ${kinds} names`]);
  });

  test('use a name before it is written', () => {
    const writer = new TraceWriter(path('early'), defaultMetadata('test'), 4);
    for (const names of [{}, { symbol: ['late'] }] as NewNames[]) {
      const batch = writer.acquire();
      batch.columns.kind[0] = KIND.mark;
      batch.present[0] = PRESENT.symbol;
      batch.rows = 1;
      writer.submit(batch, names);
    }
    writer.finish(defaultMetadata('test'));
    expect(problemsOf(path('early'))).toEqual(['P2M_NAME 0: symbol of row 0 is 0, but there are 0 names']);
  });
});

describe('what lies between', () => {
  test('bytes behind the end of a stream', () => {
    const file = stream([{ seq: 0, classes: [] }]);
    appendFileSync(file, 'more');
    expect(problemsOf(file)).toEqual(['P2M_GAP -: 4 bytes after the end of the stream belong to no message']);
  });

  test('bytes between the messages and the footer', () => {
    writeRows(path('t'), SAMPLE_ROWS, 4);
    const bytes = readFileSync(path('t'));
    const footerBytes = bytes.readInt32LE(bytes.length - 10);
    const footer = bytes.length - 10 - footerBytes;
    writeFileSync(path('gap'), Buffer.concat([bytes.subarray(0, footer), Buffer.alloc(8), bytes.subarray(footer)]));
    expect(problemsOf(path('gap'))).toEqual(['P2M_GAP -: 8 bytes after the end of the stream belong to no message']);
  });

  test('a footer of another trace', () => {
    writeRows(path('a'), SAMPLE_ROWS, 4);
    writeRows(path('b'), SAMPLE_ROWS.slice(0, 4), 4);
    copyFileSync(path('a'), path('ab'));
    const [a, b] = [readFileSync(path('a')), readFileSync(path('b'))];
    const footer = (bytes: Buffer) => bytes.length - 10 - bytes.readInt32LE(bytes.length - 10);
    writeFileSync(path('ab'), Buffer.concat([a.subarray(0, footer(a)), b.subarray(footer(b))]));
    expect(validateTrace(path('ab')).whole).toBe(false);
  });
});
