import type { Analyzer, Rule } from './define-analyzer.js';
import { consistency } from './rules/consistency/index.js';
import { lockOrder } from './rules/lock-order/index.js';
import { refcount } from './rules/refcount/index.js';
import { useAfterUnmap } from './rules/use-after-unmap/index.js';

/** The built-in analyzers; a new one is a folder under rules/ and a line here. */
export const ANALYZERS: readonly Analyzer[] = [useAfterUnmap, refcount, lockOrder, consistency];

/** Every rule with the analyzer that it belongs to. */
export const RULES: readonly (Rule & { readonly analyzer: string })[] = ANALYZERS.flatMap(analyzer =>
  analyzer.rules.map(rule => ({ ...rule, analyzer: analyzer.id })),
);
