import { isRecorded, type TraceMetadata } from '@p2mtrace/trace-format';
import type { BoundRule } from './rule-set.js';

/** What a trace says of the events it has. */
type Recorded = Pick<TraceMetadata, 'counts' | 'piece'>;

/** A rule that a trace cannot decide, and why. */
export interface Undecided {
  readonly rule: BoundRule;
  /** Kinds it needs of which the trace has no event; a need that one of two kinds would meet is written `a|b`. */
  readonly missing: readonly string[];
  readonly reason: string;
}

/** Which of the rules can be decided in a trace, by the kinds of events that it has, and which not. */
export function decidableRules(rules: readonly BoundRule[], metadata: Recorded) {
  const decided: BoundRule[] = [];
  const undecided: Undecided[] = [];
  for (const rule of rules) {
    const why = whyUndecided(rule, metadata);
    if (why === undefined) decided.push(rule);
    else undecided.push({ rule, ...why });
  }
  return { decided, undecided };
}

/**
 * A trace of so many events that a rule needs, and none of a kind that would refute it, did not record that kind; among fewer
 * there may have been none.
 */
const MANY = 500;

/** Why a rule would judge what it can't see; undefined if it can. */
function whyUndecided({ needs, refutedBy = [] }: BoundRule, metadata: Recorded): Omit<Undecided, 'rule'> | undefined {
  const lacks = (need: string) => !need.split('|').some(kind => isRecorded(metadata, kind));
  const missing: string[] = needs.filter(lacks);
  if (countOf(needs, metadata) >= MANY) missing.push(...refutedBy.filter(lacks));
  if (missing.length > 0) {
    return { missing, reason: `no ${missing.join(' or ').replaceAll('|', ' or ')} events in this trace` };
  }
  const { incomplete = [] } = metadata.piece ?? {};
  const partial = [...needs, ...refutedBy].flatMap(need => need.split('|').filter(kind => incomplete.includes(kind)));
  if (partial.length === 0) return undefined;
  return { missing, reason: `${partial.join(' and ')} events were left out of this piece` };
}

/** Events of all these kinds. */
function countOf(needs: readonly string[], { counts = {} }: Recorded): number {
  return needs.flatMap(need => need.split('|')).reduce((sum, kind) => sum + (counts[kind] ?? 0), 0);
}
