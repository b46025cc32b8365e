import { expect, it } from 'vitest';
import { BREACH_RULES, BREACH_TABLE, FactStore, MECHANISMS, OPPORTUNITY_SPEC, replayTrace } from '../../src/index.js';
import { traceMaker } from '../support/trace-of.js';

const traceOf = traceMaker();
const put = { kind: 'put_page', pcpu: 0, mfn: '0x100', owner: 1, symbol: 'puts', caller: '0x10' };

it('counts by call site, those of an unknown one apart', async () => {
  const reader = await traceOf([
    { kind: 'page_alloc', pcpu: 0, mfn: '0x100', order: 0, owner: 1 },
    put,
    put,
    { ...put, symbol: undefined, caller: undefined },
    { kind: 'page_free', pcpu: 0, mfn: '0x100', order: 0, owner: 1 },
  ]);
  const store = new FactStore([OPPORTUNITY_SPEC.name]);
  replayTrace(reader, { facts: store, checks: { rules: ['refcount.underflow'] } });
  const rows = store
    .chunks(OPPORTUNITY_SPEC)
    .flatMap(({ rows: n, columns: c }) =>
      Array.from({ length: n }, (_, i) => [
        BREACH_RULES[c.rule[i]],
        MECHANISMS[c.mechanism[i]],
        c.caller[i],
        c.times[i],
      ]),
    );
  expect(rows).toEqual([
    ['refcount.underflow', 'put', -1, 1],
    ['refcount.underflow', 'put', 0, 2],
  ]);
});

it('has words for every rule that a check looks for', () => {
  for (const rule of BREACH_RULES) expect(Object.keys(BREACH_TABLE[rule].counts).length, rule).toBeGreaterThan(0);
});
