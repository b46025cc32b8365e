import { allocatorFlushes, FLUSH_RULES } from '@p2mtrace/trace-format';
import { expect, test } from 'vitest';

// By hand from the history of Xen: 09fc40ed30 is of April 2016, in 4.7 and not in 4.6 (docs/xen.md#deferred-flush).
test.each<[version: string | undefined, flushes: boolean | undefined]>([
  ['4.6.6', false],
  ['4.0', false],
  ['4.7.0', true],
  ['4.17.7', true],
  ['4.22', true],
  ['4.23-unstable', true],
  // What imports say where only the payloads tell.
  ['>=4.18', true],
  ['<=4.17', undefined],
  ['3.4.0', undefined],
  [undefined, undefined],
])('Xen %s: the allocator makes up for a flush that was put off: %s', (version, flushes) => {
  expect(allocatorFlushes(version)).toBe(flushes);
});

test('every release of Xen 4 has one rule', () => {
  for (let i = 1; i < FLUSH_RULES.length; i++) expect(FLUSH_RULES[i].from).toBe((FLUSH_RULES[i - 1].to ?? 0) + 1);
  expect(FLUSH_RULES[0].from).toBe(0);
  expect(FLUSH_RULES.at(-1)?.to).toBeUndefined();
});
