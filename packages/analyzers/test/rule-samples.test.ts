import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, expect, test } from 'vitest';
import { analyzeTrace, reportSchema } from '../src/index.js';

/** samples/rules/RULE/{fires,near-miss}.ndjson, each with the findings that it must give: all of them, and no other. */
const SAMPLES = join(import.meta.dirname, '../../../samples/rules');
const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Expected {
  rule: string;
  confidence: string;
  subject: Record<string, unknown>;
  witness: { seq: number; role: string }[];
}

test.each(readdirSync(SAMPLES))('%s fires, and stays silent on the near miss', async rule => {
  expect(readdirSync(join(SAMPLES, rule)).filter(name => name.endsWith('.ndjson'))).toEqual([
    'fires.ndjson',
    'near-miss.ndjson',
  ]);
  for (const name of ['fires', 'near-miss']) {
    const expected: Expected[] = JSON.parse(readFileSync(join(SAMPLES, rule, `${name}.expect.json`), 'utf8'));
    const trace = join(folder, 'case.arrow');
    await importNdjson(join(SAMPLES, rule, `${name}.ndjson`), `${name}.ndjson`, trace);
    const reader = TraceReader.open(trace);
    const report = await analyzeTrace(reader);
    reader.close();
    expect(reportSchema.safeParse(report).success).toBe(true);
    const found = report.findings.flatMap(finding =>
      finding.occurrences.map(({ subject, witness }) => ({
        rule: finding.rule,
        confidence: finding.confidence,
        subject,
        witness,
      })),
    );
    expect(found, name).toEqual(
      expected.map(finding => ({ ...finding, subject: expect.objectContaining(finding.subject) })),
    );
    // The rule itself was decided, not skipped for want of events.
    expect(report.notChecked.map(skipped => skipped.rule)).not.toContain(rule);
  }
});
