import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, test } from 'vitest';
import { corpusCases } from '../../../../scripts/corpus.mjs';
import type { Breach } from '../../src/checks/breach-facts.js';
import { CHECKS } from '../../src/checks/registry.js';
import {
  BREACH_RULES,
  BREACH_SPEC,
  type BreachRule,
  type CheckOptions,
  FactStore,
  replayTrace,
} from '../../src/index.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));

const cases: { id: string; trace: string }[] = corpusCases();

/** Runs with the trace in which the rule fires, as the corpus has it. */
async function withSample<T>(rule: BreachRule, run: (reader: TraceReader) => T): Promise<T> {
  const sample = cases.find(({ id }) => id === `rules/${rule}`);
  const path = join(folder, `${rule}.arrow`);
  await importNdjson(sample?.trace as string, 'trace.ndjson', path);
  const reader = TraceReader.open(path);
  try {
    return run(reader);
  } finally {
    reader.close();
  }
}

/** Rows of `breaches` as texts, sorted: checks of one event may come in any order. */
function breaches(reader: TraceReader, checks: CheckOptions): string[] {
  const store = new FactStore(['breaches']);
  replayTrace(reader, { facts: store, checks });
  const rows = store.chunks(BREACH_SPEC).flatMap(({ rows, columns }) =>
    Array.from({ length: rows }, (_, row) => {
      const values = Object.entries(columns).map(([name, array]) => `${name}=${array[row]}`);
      return `${BREACH_RULES[columns.breach[row]]} ${values.join(' ')}`;
    }),
  );
  return rows.sort();
}

const isOf = (rule: BreachRule) => (row: string) => row.startsWith(`${rule} `);

describe.each(BREACH_RULES)('%s fires on its sample', rule => {
  const rules = BREACH_RULES;

  test('with all checks, with those of two shares together, and alone', async () => {
    await withSample(rule, reader => {
      const all = breaches(reader, { rules });
      const own = all.filter(isOf(rule));
      expect(own.length).toBeGreaterThan(0);
      const shares = (['references', 'entries'] as const).map(share => breaches(reader, { rules, share }));
      expect(shares.flat().sort()).toEqual(all);
      expect(breaches(reader, { rules: [rule] })).toEqual(own);
    });
  });

  test('and in one of the shares alone', async () => {
    const found = await withSample(rule, reader =>
      (['references', 'entries'] as const).filter(share => breaches(reader, { rules: [rule], share }).length > 0),
    );
    expect(found).toEqual([CHECKS.find(check => check.rule === rule)?.share]);
  });
});

test('every rule of the table has one check, and a policy runs only where it is named', async () => {
  expect(CHECKS.map(check => check.rule).toSorted()).toEqual(BREACH_RULES.toSorted());
  const policies = CHECKS.filter(({ policy }) => policy).map(check => check.rule);
  expect(policies).toEqual(['use-after-unmap.changed-while-referenced']);
  for (const rule of policies) {
    const found = await withSample(rule, reader => breaches(reader, {}));
    expect(found.filter(isOf(rule))).toEqual([]);
  }
});

test('notes are taken for the checks that read them alone', async () => {
  const notes = (rule: BreachRule) =>
    withSample('refcount.leak', reader => {
      const { facts } = replayTrace(reader, { facts: new FactStore(['breaches']), checks: { rules: [rule] } });
      return Object.entries({ ...facts }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    });
  const optional = ['refs', 'translations', 'lastMappings', 'types', 'mappings', 'pages', 'm2p', 'sharing', 'grants'];
  const taken = async (rule: BreachRule) => (await notes(rule)).filter(name => optional.includes(name)).sort();
  expect(await taken('refcount.leak')).toEqual(['lastMappings', 'refs']);
  expect(await taken('use-after-unmap.late-reference')).toEqual(['translations']);
  expect(await taken('refcount.get-on-free')).toEqual([]);
});

test('a role or a case that the rule has not does not compile', () => {
  const right: Breach<'refcount.leak'> = { detail: 'alive', at: { acquired: 1 } };
  // @ts-expect-error a leak has no such witness
  const role: Breach<'refcount.leak'> = { detail: 'alive', at: { freed: 1 } };
  // @ts-expect-error a leak has no such case
  const detail: Breach<'refcount.leak'> = { detail: 'given', at: {} };
  // @ts-expect-error a leak must say which case it is
  const none: Breach<'refcount.leak'> = { at: {} };
  // @ts-expect-error a level has one case only
  const level: Breach<'lock-order.level'> = { detail: 'alive', at: {} };
  expect([right, role, detail, none, level].map(({ at }) => Object.keys(at).length)).toEqual([1, 1, 0, 0, 0]);
});
