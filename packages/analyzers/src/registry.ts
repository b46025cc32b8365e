import type { Analyzer } from './define-analyzer.js';
import { type BoundRule, rulesOf } from './rule-set.js';
import { lockOrder } from './rules/lock-order/index.js';
import { refcount } from './rules/refcount/index.js';
import { useAfterUnmap } from './rules/use-after-unmap/index.js';

/** The built-in analyzers; a new one is a folder under rules/ and a line here. */
export const ANALYZERS: readonly Analyzer[] = [useAfterUnmap, refcount, lockOrder];

/** Every built-in rule. */
export const RULES: readonly BoundRule[] = rulesOf(ANALYZERS).map(rule => ({ page: rulePage(rule.id), ...rule }));

/** Where the documents describe a built-in rule. */
function rulePage(id: string): string {
  return `docs/rules.md#${id.replaceAll('.', '')}`;
}
