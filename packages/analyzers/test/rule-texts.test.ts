import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BREACH_TABLE, type BreachRule } from '@p2mtrace/replayer';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, test } from 'vitest';
import { corpusCases } from '../../../scripts/corpus.mjs';
import { analyzeTrace, confirmQuery, openTraceSession, RULES } from '../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));
interface Finding {
  rule: string;
  subject: Record<string, unknown>;
  witness: { role: string }[];
}
const CASES: { id: string; trace: string; findings: Finding[] }[] = corpusCases();

/** Named places of a document. */
const anchorsOf = (page: string) =>
  [...readFileSync(new URL(`../../../docs/${page}`, import.meta.url), 'utf8').matchAll(/<a id="([\w-]+)">/g)].map(
    ([, anchor]) => anchor,
  );

/** Subjects and witnesses that findings of a rule may have. */
function namesOf(id: string): string[] {
  const findings = CASES.flatMap(one => one.findings).filter(({ rule }) => rule === id);
  return findings.flatMap(({ subject, witness }) => [...Object.keys(subject), ...witness.map(({ role }) => role)]);
}

describe.each(RULES)('$id', ({ id, title, belief, doc, fires, nearMiss, mechanism, confirm, fix, limits }) => {
  test('says when it fires and when not, how it comes about and is fixed, and what it can get wrong', () => {
    for (const text of [doc, fires, nearMiss, mechanism, confirm, fix, limits]) expect(text).toMatch(/\S/);
    expect(nearMiss).not.toBe(fires);
  });

  // As `npm run new rule` lays it out.
  test('has nothing left that is to be written', () => {
    const counts: Readonly<Record<string, string>> = BREACH_TABLE[id as BreachRule]?.counts ?? {};
    const texts = [title, belief?.source, doc, fires, nearMiss, mechanism, confirm, fix, limits];
    expect([...texts, ...Object.values(counts)].filter(text => text?.includes('TODO'))).toEqual([]);
  });

  test('cites what is in the repository', () => {
    const texts = [doc, fires, nearMiss, mechanism, fix, limits].join(' ');
    expect(texts).not.toMatch(/X§|\bmail \d|model §/i);
    for (const [, page, anchor] of texts.matchAll(/docs\/(\w+\.md)#([\w-]+)/g))
      expect(anchorsOf(page)).toContain(anchor);
  });

  // The query shows something of the very case that the rule is made for, and asks for nothing that findings lack.
  test.skipIf(confirm === undefined)('is confirmed by its query', async () => {
    const own = CASES.find(one => one.id === `rules/${id}`);
    const trace = join(folder, 'case.arrow');
    await importNdjson(own?.trace as string, 'trace.ndjson', trace);
    const reader = TraceReader.open(trace);
    const session = await openTraceSession(reader);
    try {
      const { findings } = await analyzeTrace(reader, { only: [id] });
      const [{ occurrences }] = findings;
      for (const [, name] of (confirm as string).matchAll(/\$(\w+)/g)) expect(namesOf(id)).toContain(name);
      const { rows } = await session.runAll(confirmQuery(confirm as string, occurrences[0]));
      expect(rows.length).toBeGreaterThan(0);
    } finally {
      await session.close();
      reader.close();
    }
  });
});
