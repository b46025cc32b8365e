import { suggestion, usageError } from '@p2mtrace/trace-format';
import { type Analyzer, hasRows, type Need, type RowSource, type Rule } from './define-analyzer.js';
import type { OptionValues } from './option-schema.js';
import { optionsOf } from './plugin-options.js';

/** A rule with what its analyzer adds to it. */
export interface BoundRule extends Rule {
  readonly analyzer: string;
  /** All kinds that it needs. */
  readonly needs: readonly Need[];
  /** Where its rows come from: the rule itself, or its analyzer, whose other rules share them. */
  readonly source: RowSource;
  readonly sharesRows: boolean;
  /** Of its analyzer; none where it has none. */
  readonly options: OptionValues;
}

/**
 * The rules of analyzers, in their order.
 * @throws P2mError P2M_PLUGIN_OPTION (usage) where an option has no value and needs one
 */
export function rulesOf(analyzers: readonly Analyzer[]): BoundRule[] {
  return analyzers.flatMap(analyzer => {
    const options = optionsOf(analyzer);
    return analyzer.rules.map(rule => ({
      ...rule,
      analyzer: analyzer.id,
      needs: [...new Set([...(analyzer.needs ?? []), ...(rule.needs ?? [])])],
      source: hasRows(rule) ? rule : analyzer,
      sharesRows: !hasRows(rule),
      options,
    }));
  });
}

/**
 * Those of the rules that are named, by their own id or that of their analyzer; all where none is. A policy runs only
 * where it is named itself, be it besides the others.
 * @throws P2mError P2M_RULE (usage) for a name that is none
 */
export function chooseRules(
  rules: readonly BoundRule[],
  names: readonly string[],
  policies: readonly string[] = [],
): readonly BoundRule[] {
  for (const name of [...names, ...policies]) {
    if (!rules.some(rule => isNamed(rule, name))) throw noRule(rules, name);
  }
  return rules.filter(rule => {
    if (names.includes(rule.id) || policies.includes(rule.id)) return true;
    return rule.policy === undefined && (names.length === 0 || names.includes(rule.analyzer));
  });
}

/** The rule of that id. @throws P2mError P2M_RULE (usage) */
export function ruleOf(rules: readonly BoundRule[], id: string): BoundRule {
  const rule = rules.find(one => one.id === id);
  if (rule === undefined) throw noRule(rules, id);
  return rule;
}

const isNamed = ({ id, analyzer }: BoundRule, name: string) => id === name || analyzer === name;

function noRule(rules: readonly BoundRule[], name: string) {
  const ids = rules.map(({ id }) => id);
  return usageError('P2M_RULE', `there is no rule ${name}${suggestion(name, ids)}`, `one of ${ids.join(', ')}`);
}
