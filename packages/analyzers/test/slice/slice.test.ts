import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { divergenceRows, EventReader, replay, replayTrace } from '@p2mtrace/replayer';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, test } from 'vitest';
import { corpusCases } from '../../../../scripts/corpus.mjs';
import { analyzeTrace, type Finding, findFinding, RULES, sliceTrace } from '../../src/index.js';
import { traceMaker } from '../support/trace-of.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = (name: string) => join(folder, name);

const EXISTING = new Set(RULES.map(({ id }) => id));
const CASES: { id: string; trace: string; divergences: number[] }[] = corpusCases().filter(
  ({ id, group }: { id: string; group: string }) => group === 'rules' && EXISTING.has(id.slice('rules/'.length)),
);

/** The fields of an event but its place. */
function fieldsOf(reader: TraceReader, seq: number) {
  const { seq: _, ...fields } = new EventReader(reader).at(seq) ?? { seq };
  return fields;
}

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
      for (const [i, seq] of slice.seqs.entries()) {
        expect(fieldsOf(reader, slice.snapshots + i)).toEqual(fieldsOf(whole, seq));
      }
      const diverged = Array.from(divergenceRows(replayTrace(reader), reader.names), ({ seq }) => seq);
      expect(divergences).toEqual(expect.arrayContaining(diverged.map(seq => slice.seqs[seq - slice.snapshots])));
    } finally {
      reader.close();
      whole.close();
    }
  });
});

describe('of a long trace', () => {
  const traceOf = traceMaker();
  const noise = (from: number, count: number) =>
    Array.from({ length: count }, (_, i) => [
      { kind: 'page_alloc', pcpu: 0, mfn: 0x9000 + from + i, order: 0, owner: 2 },
      { ...entry, domid: 2, gfn: from + i, mfn: 0x9000 + from + i, p2m_type: 'ram_rw' },
    ]).flat();
  const entry = { kind: 'set_entry', pcpu: 1, domid: 1, gfn: 0x10, order: 0 };
  const EVENTS = [
    { kind: 'page_alloc', pcpu: 1, mfn: 0x100, order: 0, owner: 1 },
    { ...entry, mfn: 0x100, p2m_type: 'ram_rw' },
    ...noise(0, 100), // 2…201
    { kind: 'lookup', pcpu: 0, domid: 1, gfn: 0x10, mfn: 0x100, order: 0, p2m_type: 'ram_rw' }, // 202
    ...noise(100, 50), // 203…302
    { ...entry, p2m_type: 'invalid' }, // 303
    ...noise(150, 50), // 304…403
    { kind: 'page_use', pcpu: 0, mfn: 0x100, domid: 1, flags: ['write'] }, // 404
    ...noise(200, 50),
  ];

  test('its witnesses are left, behind snapshots of what came long before', async () => {
    const whole = await traceOf(EVENTS);
    const { findings } = await analyzeTrace(whole);
    const found = findFinding(findings, 'use-after-unmap.stale-translation');
    const tried: number[] = [];
    const slice = await sliceTrace(replay(whole, { index: false }), found, path('long.arrow'), {
      onTry: events => tried.push(events),
    });
    expect(slice).toEqual({ seqs: [202, 303, 404], context: [], snapshots: 2, tries: tried.length, isMinimal: true });
    const reader = TraceReader.open(path('long.arrow'));
    const state = replay(reader, { index: false }).at(1);
    expect(state.entry(1, 'host', 0x10)).toMatchObject({ known: 'entry', mfn: 0x100, p2m_type: 'ram_rw' });
    expect(state.page(0x100)).toMatchObject({ state: 'allocated', owner: 1, count: 1n });
    // Domain 2 is no part of it.
    expect([...state.p2mRows()]).toHaveLength(1);
    reader.close();
  });

  test('tries that are spent leave a larger one that shows it', async () => {
    // A trace's end takes part in this: what is kept is not told by the witnesses alone.
    const whole = await traceOf([
      ...noise(0, 60),
      { kind: 'get_page', pcpu: 0, mfn: 0x9001, owner: 2, count_info: '0x8000000000000002' },
      { kind: 'alloc_ref_drop', pcpu: 0, mfn: 0x9001, owner: 2, count_info: '0x1' },
      { kind: 'domain_destroy', domid: 2 },
    ]);
    const { findings } = await analyzeTrace(whole, { only: ['refcount.leak'] });
    const found = findFinding(findings, 'refcount.leak');
    expect(found.finding.confidence).toBe('proven');
    const slice = (tries?: number) => sliceTrace(replay(whole, { index: false }), found, path('leak.arrow'), { tries });
    const [all, some] = [await slice(), await slice(3)];
    expect(all).toMatchObject({ seqs: [120, 121, 122], isMinimal: true });
    expect(some).toMatchObject({ isMinimal: false });
    expect(some.seqs.length).toBeGreaterThanOrEqual(all.seqs.length);
    const reader = TraceReader.open(path('leak.arrow'));
    const report = await analyzeTrace(reader, { only: ['refcount.leak'] });
    reader.close();
    expect(report.findings.map(kindOf)).toEqual([kindOf(found.finding)]);
  });
});
