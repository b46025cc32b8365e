import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyzeTrace, RULES, reportSchema } from '@p2mtrace/analyzers';
import { divergenceRows, replayTrace } from '@p2mtrace/replayer';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, test } from 'vitest';
import { corpusCases } from '../scripts/corpus.mjs';

interface Finding {
  rule: string;
  confidence: string;
  isNote?: boolean;
  subject: Record<string, unknown>;
  witness: { seq: number; role: string }[];
}

const CASES = corpusCases();
const RULE_IDS = RULES.map(({ id }) => id);
const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-corpus-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the trace gives: findings one by one, rules that were not decided, and the seqs of its divergences. */
async function judge(path: string) {
  const trace = join(folder, 'case.arrow');
  await importNdjson(path, path, trace);
  const reader = TraceReader.open(trace);
  try {
    const diverged = [...divergenceRows(replayTrace(reader), reader.names)].map(({ seq }) => seq);
    // Rules that stand for a policy run only when they are named.
    const report = await analyzeTrace(reader, { only: RULE_IDS });
    expect(reportSchema.safeParse(report).error).toBeUndefined();
    const found = report.findings.flatMap(({ rule, confidence, severity, occurrences }) =>
      occurrences.map(
        ({ subject, witness }): Finding => ({ rule, confidence, isNote: severity === 'note', subject, witness }),
      ),
    );
    return {
      found,
      notChecked: report.notChecked.map(({ rule }) => rule),
      diverged,
    };
  } finally {
    reader.close();
  }
}

/** Two findings are compared by their position in this order; witnesses of one seq are in the order of their roles. */
const sorted = (findings: readonly Finding[]) =>
  findings
    .map(({ isNote, ...finding }) => ({
      ...finding,
      witness: finding.witness.toSorted((a, b) => a.seq - b.seq || order(a.role, b.role)),
    }))
    .sort((a, b) => order(a.rule, b.rule) || order(JSON.stringify(a.witness), JSON.stringify(b.witness)));
const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

describe.each(CASES)('$id', ({ group, trace, nearMiss, findings, divergences }) => {
  const expected: Finding[] = findings;
  const rules = new Set(expected.map(({ rule }) => rule));
  /** All defects that are proven, and all that the rules of this case say. */
  const relevant = (found: readonly Finding[]) =>
    found.filter(({ rule, confidence, isNote }) => (confidence === 'proven' && !isNote) || rules.has(rule));

  test('gives these findings, and nothing else that is proven', async () => {
    const { found, diverged } = await judge(trace);
    expect(sorted(relevant(found))).toEqual(
      sorted(expected).map(finding => ({
        ...finding,
        subject: expect.objectContaining(finding.subject),
      })),
    );
    expect(diverged).toEqual(divergences);
  });

  test.skipIf(nearMiss === undefined)('and none of them on the near miss', async () => {
    const { found, notChecked, diverged } = await judge(nearMiss as string);
    expect(relevant(found)).toEqual([]);
    expect(diverged).toEqual([]);
    // In the near miss of a rule that rule is decided, not skipped for want of events.
    if (group === 'rules') expect([...rules].filter(rule => notChecked.includes(rule))).toEqual([]);
  });
});

describe('the rules', () => {
  test('are all that a case expects', () => {
    const expected = CASES.flatMap(({ findings }) => findings.map((finding: Finding) => finding.rule));
    expect(expected.filter((rule: string) => !RULE_IDS.includes(rule))).toEqual([]);
  });

  test.each(RULE_IDS)('%s has a trace in which it fires, and a near miss', rule => {
    const own = CASES.find(({ id }) => id === `rules/${rule}`);
    expect(own?.findings.map((finding: Finding) => finding.rule)).toContain(rule);
    expect(own?.nearMiss).toBeDefined();
  });
});
