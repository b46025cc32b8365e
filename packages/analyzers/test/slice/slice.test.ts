import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { divergenceRows, replay, replayTrace } from '@p2mtrace/replayer';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, test } from 'vitest';
import { corpusCases } from '../../../../scripts/corpus.mjs';
import { analyzeTrace, type Finding, findFinding, RULES, sliceTrace } from '../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

const EXISTING = new Set(RULES.map(({ id }) => id));
const CASES: { id: string; trace: string; divergences: number[] }[] = corpusCases().filter(
  ({ id, group }: { id: string; group: string }) => group === 'rules' && EXISTING.has(id.slice('rules/'.length)),
);

/** What a finding is, apart from where it is. */
const kindOf = ({ id, confidence, severity }: Finding) => ({ id, confidence, severity });

describe.each(CASES)('$id', ({ id, trace, divergences }) => {
  test('is shown by a smaller trace of its own events, which replays by itself', async () => {
    await importNdjson(trace, 'trace.ndjson', path('whole.arrow'));
    const whole = TraceReader.open(path('whole.arrow'));
    const { findings } = await analyzeTrace(whole, { only: [id.slice('rules/'.length)] });
    const found = findFinding(findings, findings[0].id);
    const slice = await sliceTrace(replay(whole, { index: false }), found, path('slice.arrow'));
    const reader = TraceReader.open(path('slice.arrow'));
    try {
      expect(slice.isMinimal).toBe(true);
      expect(slice.seqs.length).toBeLessThanOrEqual(whole.rows);
      expect(reader.rows).toBe(slice.snapshots + slice.seqs.length);
      const report = await analyzeTrace(reader, { only: [found.finding.rule] });
      expect(report.findings.map(kindOf)).toContainEqual(kindOf(found.finding));
      const diverged = Array.from(divergenceRows(replayTrace(reader), reader.names), ({ seq }) => seq);
      expect(divergences).toEqual(expect.arrayContaining(diverged.map(seq => slice.seqs[seq - slice.snapshots])));
    } finally {
      reader.close();
      whole.close();
    }
  });
});
