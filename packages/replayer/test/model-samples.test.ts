import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { expect, test } from 'vitest';
import { tempDir } from '../../trace-format/test/support/temp-dir.js';
import { compareTrace } from './model/compare-trace.js';

const SAMPLES = join(import.meta.dirname, '../../../samples');
const path = tempDir();

test('replayer and model agree after every event of the samples made by hand', async () => {
  const all = readdirSync(SAMPLES, { recursive: true, encoding: 'utf8' });
  // What fuzzing keeps is damaged on purpose.
  const samples = all.filter(name => name.endsWith('.ndjson') && !name.startsWith('fuzz'));
  expect(samples.length).toBeGreaterThan(100);
  for (const sample of samples) {
    await importNdjson(join(SAMPLES, sample), sample, path('sample.arrow'));
    const reader = TraceReader.open(path('sample.arrow'));
    expect(
      compareTrace(reader, () => true),
      sample,
    ).toEqual([]);
    reader.close();
  }
});
