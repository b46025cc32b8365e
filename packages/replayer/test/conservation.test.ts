import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importXentraceFile, KINDS, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, test } from 'vitest';
import { DOMAINS, FactStore, replayTrace, TYPE_REF_KINDS, TYPE_REF_SPANS } from '../src/index.js';
import { COUNT_LAWS, FREE_LAWS } from './laws/count-laws.js';
import { type Breach, EXPLAINED, NOT_CHECKED } from './laws/explained-breaches.js';
import { type Laws, type Point, pointAt } from './laws/law.js';
import { P2M_LAWS, teardownLaws } from './laws/p2m-laws.js';
import { POD_LAWS } from './laws/pod-laws.js';

/**
 * The laws of docs/xen.md#pod-cache and docs/xen.md#page-invariants on every real capture: for each domain after its
 * last sign of life, before anything is
 * torn down, and for all at the end. What is broken must be explained (laws/explained-breaches.ts), and nothing else.
 */
const CAPTURES = join(import.meta.dirname, '../../../../shared/captures');
const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));

const BY_GET_TYPE = TYPE_REF_KINDS.indexOf('get_type');

/**
 * Kinds of the mechanisms of docs/xen.md#pod-cache that no capture has: paging, sharing, the M2P, counts of PoD caches.
 * One that has them
 * needs laws on them here.
 */
const OTHERS = [
  ...KINDS.filter(({ group }) => ['paging', 'sharing', 'altp2m', 'linux'].includes(group)).map(({ name }) => name),
  'm2p_set',
  'pod_cache_add',
  'pod_cache_get',
] as const;

const sorted = (breaches: Breach[]) => breaches.sort((a, b) => (`${a.at} ${a.law}` < `${b.at} ${b.law}` ? -1 : 1));

/** Applies laws to a point: which were broken, and which had something to check. */
function apply(laws: Laws, at: string, point: Point, broken: Breach[], checked: Set<string>): void {
  for (const [law, verdict] of Object.entries(laws)) {
    const { checked: subjects, breaches } = verdict(point);
    if (subjects > 0) checked.add(law);
    if (breaches.length === 1) broken.push({ at, law, breaches: breaches[0] });
    else if (breaches.length > 0) broken.push({ at, law, breaches: breaches.length });
  }
}

/** seq of the last event that shows a domain alive: of its p2m, or a type that it gave a page; NaN for none. */
function lastSignOfLife(facts: FactStore, domid: number, lastP2mSeq: number): number {
  let last = lastP2mSeq;
  for (const { rows, columns: c } of facts.chunks(TYPE_REF_SPANS)) {
    for (let row = 0; row < rows; row++) {
      if (c.owner[row] === domid && c.kind[row] === BY_GET_TYPE && !(c.from_seq[row] <= last)) last = c.from_seq[row];
    }
  }
  return last;
}

describe.skipIf(!existsSync(CAPTURES))('laws of conservation (skipped where ../shared/captures is absent)', () => {
  test.each(Object.keys(EXPLAINED))('%s', async name => {
    const trace = join(folder, `${name}.arrow`);
    await importXentraceFile(join(CAPTURES, name), trace);
    const reader = TraceReader.open(trace);
    const facts = new FactStore(['ref_spans', 'type_ref_spans', 'page_spans', 'domains']);
    replayTrace(reader, { facts });
    const [broken, checked]: [Breach[], Set<string>] = [[], new Set()];
    const end = pointAt(reader, reader.rows, facts);
    for (const { rows, columns: c } of facts.chunks(DOMAINS)) {
      for (let row = 0; row < rows; row++) {
        const domid = c.domid[row];
        const alive = lastSignOfLife(facts, domid, c.last_p2m_seq[row]);
        if (c.freed[row] > 0) {
          const point = { ...pointAt(reader, alive + 1, facts), domid };
          apply({ ...COUNT_LAWS, ...POD_LAWS, ...P2M_LAWS }, `domain ${domid} alive`, point, broken, checked);
        }
        const laws = { ...POD_LAWS, ...P2M_LAWS, ...teardownLaws(c.freed[row]) };
        apply(laws, `domain ${domid} at the end`, { ...end, domid }, broken, checked);
      }
    }
    apply({ ...COUNT_LAWS, ...FREE_LAWS }, 'the end', { ...end, domid: -1 }, broken, checked);
    reader.close();
    rmSync(trace);
    const { counts = {} } = reader.metadata;
    expect(OTHERS.filter(kind => (counts[kind] ?? 0) > 0)).toEqual([]);
    expect(sorted(broken)).toEqual(sorted(EXPLAINED[name].map(({ at, law, breaches }) => ({ at, law, breaches }))));
    const all = Object.keys({ ...COUNT_LAWS, ...FREE_LAWS, ...POD_LAWS, ...P2M_LAWS, ...teardownLaws(0) });
    expect(all.filter(law => !checked.has(law)).sort()).toEqual([...(NOT_CHECKED[name] ?? [])].sort());
  });
});
