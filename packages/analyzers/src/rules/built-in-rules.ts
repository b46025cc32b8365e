import { ANALYZERS } from './registry.js';
import { type BoundRule, rulesOf } from './rule-set.js';

/** Every built-in rule. */
export const RULES: readonly BoundRule[] = rulesOf(ANALYZERS).map(rule => ({ page: rulePage(rule.id), ...rule }));

/** Where the documents describe it. */
function rulePage(id: string): string {
  return `docs/rules.md#${id.replaceAll('.', '')}`;
}
