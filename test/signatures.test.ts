import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyzeTrace } from '@p2mtrace/analyzers';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, test } from 'vitest';
import { corpusCases } from '../scripts/corpus.mjs';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-signatures-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** By column: how far its values lie from those of the first recording. Frames keep their alignment to 1G. */
const MOVED: Readonly<Record<string, bigint>> = {
  gfn: 0x4_0000n,
  new_gfn: 0x4_0000n,
  mfn: 0x8_0000n,
  old_mfn: 0x8_0000n,
  lock: 0x2000n,
  caller: 0x6000n,
  handle: 0x20n,
  ref: 0x10n,
};

/** The same trace as another boot of the machine records it: the same symbols, nothing where it was. */
function movedTrace(text: string): string {
  return text.replace(/"(\w+)": "(0x[0-9a-f]+)"/g, (whole, column: string, value: string) =>
    column in MOVED ? `"${column}": "0x${(BigInt(value) + MOVED[column]).toString(16)}"` : whole,
  );
}

async function signatures(text: string): Promise<string[]> {
  const path = join(folder, 'case');
  writeFileSync(`${path}.ndjson`, text);
  await importNdjson(`${path}.ndjson`, 'case', `${path}.arrow`);
  const reader = TraceReader.open(`${path}.arrow`);
  try {
    const { findings } = await analyzeTrace(reader);
    return findings.map(({ signature, count }) => `${count} ${signature}`).sort();
  } finally {
    reader.close();
  }
}

describe('signatures survive a new recording', () => {
  const cases = corpusCases().filter(({ group }: { group: string }) => group === 'rules');

  test.each(cases.map(({ id, trace }: { id: string; trace: string }) => [id, trace]))('%s', async (_, trace) => {
    const text = readFileSync(trace, 'utf8');
    const moved = movedTrace(text);
    expect(moved).not.toBe(text);
    expect(await signatures(moved)).toEqual(await signatures(text));
  });
});
