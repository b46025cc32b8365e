import type { KindName } from '@p2mtrace/trace-format';
import type { BreachRule } from '../facts/breach-table.js';
import type { CheckNotes, Note } from '../facts/fact-recorder.js';
import type { CheckShare } from '../replay-options.js';
import type { BreachFacts } from './breach-facts.js';
import type { CheckScope, CheckTools } from './check-scope.js';
import type { Opportunities } from './opportunities.js';
import type { RunningCheck } from './running-check.js';

interface CheckSpec<R extends BreachRule, N extends Note> {
  /** The rule whose contradictions it finds; the file has its name. */
  readonly rule: R;
  /** It stands for a policy that Xen need not follow: it runs only where its rule is named. */
  readonly policy?: true;
  /** Notes of the replay that it reads, which are taken for it. */
  readonly needs?: readonly N[];
  /** It runs only where events of one of these kinds were recorded. */
  readonly ifRecorded?: readonly KindName[];
  readonly make: (scope: CheckScope<R> & Pick<CheckNotes, N>) => RunningCheck;
}

/** A check of some rule. */
export interface AnyCheck {
  readonly rule: BreachRule;
  readonly policy: boolean;
  readonly needs: readonly Note[];
  readonly share: CheckShare;
  readonly ifRecorded: readonly KindName[] | undefined;
  /** Begins to look at one replay. */
  readonly start: (tools: CheckTools, breaches: BreachFacts, opportunities: Opportunities) => RunningCheck;
}

/** Declares a check: it looks for the contradictions of one rule while the state is replayed, where the state is at hand. */
export function defineCheck<const R extends BreachRule, const N extends Note = never>(spec: CheckSpec<R, N>): AnyCheck {
  const { rule, policy = false, needs = [], ifRecorded, make } = spec;
  return {
    rule,
    policy,
    needs,
    // Notes are taken with the references alone.
    share: needs.length > 0 ? 'references' : 'entries',
    ifRecorded,
    start: (tools, breaches, counted) =>
      make({
        ...tools,
        ...tools.facts.notes(needs),
        report: found => breaches.report(rule, found),
        opportunities: mechanism => counted.of(rule, mechanism),
      }),
  };
}
