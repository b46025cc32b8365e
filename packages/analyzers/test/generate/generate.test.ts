import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { divergenceRows, replayTrace } from '@p2mtrace/replayer';
import { TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, it } from 'vitest';
import { workload } from '../../src/generate/workload.js';
import { analyzeTrace, faultRules, generateTrace, RULES, SCENARIOS, type WorkloadOptions } from '../../src/index.js';
import { recorded } from './true-order.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-generate-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function judged(options: WorkloadOptions) {
  const path = join(folder, 'trace.arrow');
  const made = await generateTrace(path, options);
  const reader = TraceReader.open(path);
  try {
    const { findings } = await analyzeTrace(reader);
    const diverged = [...divergenceRows(replayTrace(reader), reader.names)].length;
    return {
      ...made,
      findings,
      diverged,
      rows: reader.rows,
      counts: reader.metadata.counts ?? {},
      order: reader.metadata.health?.order,
    };
  } finally {
    reader.close();
  }
}

describe('a workload', () => {
  it.each(Object.keys(SCENARIOS))(
    '%s is right: nothing is found, and the replayer agrees with every count',
    async scenario => {
      const { findings, diverged, rows, counts } = await judged({ scenario, events: 20_000, seed: 3 });
      expect(rows).toBeGreaterThanOrEqual(20_000);
      expect(counts.page_free).toBeGreaterThan(0);
      expect(counts.lock_wait).toBeGreaterThan(0);
      expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
      expect(diverged).toBe(0);
    },
  );

  it('with clocks that are apart is put right within what its locks leave open', async () => {
    const options = { scenario: 'lookups', events: 8000, seed: 8, skew: 20_000 };
    const { findings, diverged, order } = await judged(options);
    expect(order?.confidence).toBe('corrected');
    const ahead = new Map(
      recorded(options).map(({ kind, pcpu, tsc, happened }) => [kind === 'lock_release' ? pcpu : -1, tsc - happened]),
    );
    for (const { pcpu, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } of order?.skew ?? []) {
      expect(-ahead.get(pcpu)!).toBeGreaterThanOrEqual(least);
      expect(-ahead.get(pcpu)!).toBeLessThanOrEqual(most);
    }
    expect(order?.skew).toHaveLength(3);
    expect(diverged).toBe(0);
    expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
  });

  // Two pcpus that drop the last references at once must not both free.
  it.each([34, 53, 178])('frees a frame once for each time that it is allocated (seed %i)', seed => {
    const allocated = new Set<unknown>();
    const twice: unknown[] = [];
    for (const { kind, mfn } of workload(
      { scenario: Object.keys(SCENARIOS)[(seed - 1) % 4], events: 100_000, seed },
      [],
    )) {
      if (kind === 'page_alloc') {
        if (allocated.has(mfn)) twice.push(mfn);
        allocated.add(mfn);
      } else if (kind === 'page_free' && !allocated.delete(mfn)) twice.push(mfn);
    }
    expect(twice).toEqual([]);
  });

  it('is the same for the same seed, and another for another', async () => {
    const options = { scenario: 'mixed', events: 2000, seed: 5 };
    const [a, b, c] = ['a', 'b', 'c'].map(name => join(folder, name));
    await generateTrace(a, options);
    await generateTrace(b, options);
    await generateTrace(c, { ...options, seed: 6 });
    expect(readFileSync(a).equals(readFileSync(b))).toBe(true);
    expect(readFileSync(a).equals(readFileSync(c))).toBe(false);
  });
});

describe('faults', () => {
  it('are of every rule', () => {
    expect(faultRules()).toEqual(RULES.map(({ id }) => id).sort());
  });

  it('are found where they were planted, each by its rule', async () => {
    const faults = faultRules().filter(rule => RULES.find(({ id }) => id === rule)?.policy === undefined);
    const { planted, findings } = await judged({ scenario: 'mixed', events: 20_000, seed: 11, faults });
    expect(planted.map(({ rule }) => rule).sort()).toEqual(faults);
    for (const { rule, firstSeq, lastSeq } of planted) {
      const hits = findings.filter(finding => finding.rule === rule).flatMap(({ occurrences }) => occurrences);
      const inside = hits.filter(({ witness }) => witness.every(({ seq }) => seq >= firstSeq && seq <= lastSeq));
      expect(inside.length, rule).toBeGreaterThan(0);
    }
  });

  it('that nobody knows are refused', async () => {
    const make = generateTrace(join(folder, 'x'), { scenario: 'mixed', events: 10, seed: 1, faults: ['no.rule'] });
    await expect(make).rejects.toMatchObject({ code: 'P2M_FAULT' });
    const other = generateTrace(join(folder, 'x'), { scenario: 'no', events: 10, seed: 1 });
    await expect(other).rejects.toMatchObject({ code: 'P2M_SCENARIO' });
  });
});
