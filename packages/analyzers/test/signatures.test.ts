import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, expect, test } from 'vitest';
import { corpusCases } from '../../../scripts/corpus.mjs';
import { analyzeTrace, RULES } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The same workload on another day: other locks, call sites at other places, other frames. */
const recordedAgain = (text: string) =>
  text
    .replaceAll('"0xffff8301', '"0xffff8309')
    .replaceAll('"0xffff82d040', '"0xffff82d0d0')
    .replaceAll(/"0x12(\w{3})"/g, '"0x47$1"');

async function signatures(text: string): Promise<string[]> {
  const trace = join(folder, 'case.arrow');
  writeFileSync(`${trace}.ndjson`, text);
  await importNdjson(`${trace}.ndjson`, 'case', trace);
  const reader = TraceReader.open(trace);
  const { findings } = await analyzeTrace(reader, { only: RULES.map(({ id }) => id) });
  reader.close();
  return findings.map(
    ({ severity, confidence, signature, count }) => `${severity} ${confidence} ${signature} ${count}`,
  );
}

const cases = corpusCases().filter(({ group, findings }) => group === 'rules' && findings.length > 0);

test.each(cases)('$id has the same signatures with other addresses', async ({ trace }) => {
  const text = readFileSync(trace, 'utf8');
  const first = await signatures(text);
  expect(first.length).toBeGreaterThan(0);
  expect(await signatures(recordedAgain(text))).toEqual(first);
});
