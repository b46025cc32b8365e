import { createReadStream, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { importNdjson, TraceReader, validateTrace } from '../src/index.js';
import { batchRowsOf, readRows } from './support/rows.js';
import { tempDir } from './support/temp-dir.js';

const path = tempDir();
const DIR = join(import.meta.dirname, 'version-1');

test('a trace of version 1, whose call sites have 16 bits, is read as one of today', async () => {
  writeFileSync(path('old.arrow'), gunzipSync(readFileSync(join(DIR, 'trace.arrow.gz'))));
  await importNdjson(createReadStream(join(DIR, 'trace.ndjson')), 'trace.ndjson', path('new.arrow'));
  const rows = readRows(path('old.arrow'));
  expect(rows.map(({ symbol }) => symbol)).toContain('m2p_add_override');
  expect(rows).toEqual(readRows(path('new.arrow')));
  expect(validateTrace(path('old.arrow'))).toMatchObject({ whole: true, problems: [] });
});

test('more than 65,536 call sites, and as many names of them, are kept', async () => {
  const sites = 70_000;
  async function* lines() {
    yield Buffer.from('{"p2mtrace": 1}\n');
    for (let i = 0; i < sites; i++) {
      const mfn = `0x${(i % 100).toString(16)}`;
      const caller = `0xffff82d0${(0x4020_0000 + i).toString(16)}`;
      yield Buffer.from(
        `{"kind":"page_use","mfn":"${mfn}","flags":["read"],"caller":"${caller}","symbol":"site_${i}"}\n`,
      );
    }
  }
  await importNdjson(lines(), 'many.ndjson', path('many.arrow'));
  const reader = TraceReader.open(path('many.arrow'));
  const last = reader.batches.length - 1;
  expect(reader.names.caller.length).toBe(sites);
  expect(batchRowsOf(reader, last).at(-1)).toMatchObject({ caller: 0xffff_82d0_4021_116fn, symbol: 'site_69999' });
  reader.close();
});
