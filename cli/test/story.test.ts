import { analyzeTrace, findFinding, RULES, ruleOf, storyOf } from '@p2mtrace/analyzers';
import { replay } from '@p2mtrace/replayer';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { expect, test } from 'vitest';
import { corpusCases } from '../../scripts/corpus.mjs';
import { storyText } from '../src/render/story.js';
import { Terminal } from '../src/terminal.js';
import { tempDir } from './support/cli.js';

const temp = tempDir();
const CASES: { id: string; trace: string; findings: object[] }[] = corpusCases();
const out = new Terminal(process.stdout);

test.each(CASES)('every finding of $id can be told', async ({ trace }) => {
  await importNdjson(trace, 'trace.ndjson', temp('case.arrow'));
  const reader = TraceReader.open(temp('case.arrow'));
  const state = replay(reader, { index: false });
  const { findings } = await analyzeTrace(reader, { only: RULES.map(({ id }) => id) });
  for (const { id, signature, occurrences } of findings) {
    for (const [i] of occurrences.entries()) {
      const found = findFinding(findings, `${signature}#${i + 1}`);
      const story = storyOf(state, found.occurrence);
      const witnesses = new Set(found.occurrence.witness.map(({ seq }) => seq));
      expect(story.steps.map(({ event }) => event.seq)).toEqual([...witnesses].sort((a, b) => a - b));
      let text = '';
      for await (const line of storyText(found, story, ruleOf(RULES, found.finding.rule), out, {
        first: 0n,
        hz: 2.5e9,
      })) {
        text += `${line}\n`;
      }
      expect(text).toContain(id);
      for (const { role } of found.occurrence.witness) expect(text).toContain(role);
      expect(text).not.toMatch(/undefined|NaN|\[object/);
    }
  }
  reader.close();
});
