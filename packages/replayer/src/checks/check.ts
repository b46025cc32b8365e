import type { KindName } from '@p2mtrace/trace-format';
import type { Handlers } from '../batch/handlers.js';
import type { BreachRule } from '../facts/breach-table.js';
import type { CheckNotes, Note } from '../facts/fact-recorder.js';
import type { Opportunities } from '../facts/opportunities.js';
import type { CheckShare } from '../replay-options.js';
import type { BreachFacts } from './breach-facts.js';
import type { CheckScope, CheckTools } from './check-scope.js';
import type { Section } from './section.js';

/** What a check looks at in one replay. It never changes the state; what it remembers beyond it is in no checkpoint. */
export interface Check {
  /** By kind: what is looked at before the event changes the state, and after it has. Other kinds cost nothing. */
  readonly before?: Handlers;
  readonly after?: Handlers;
  /** A section ends that changed something. The section is reused afterwards. */
  readonly sectionEnd?: (section: Section) => void;
  /** The trace ends. Open sections have ended before. */
  readonly end?: () => void;
  /** Loss: what it remembers of pages, entries and that pcpu (-1: all of them) means nothing any more. */
  readonly forget?: (pcpu: number) => void;
  /** The domain is a new one. */
  readonly forgetDomain?: (domid: number) => void;
}

interface CheckSpec<R extends BreachRule, N extends Note> {
  /** The rule whose contradictions it finds; the file has its name. */
  readonly rule: R;
  /** It stands for a policy that Xen need not follow: it runs only where its rule is named. */
  readonly policy?: true;
  /** Notes of the replay that it reads, which are taken for it. */
  readonly needs?: readonly N[];
  /** Absent: `references` for a check with needs, else `entries`. Notes are taken with the references alone. */
  readonly share?: [N] extends [never] ? CheckShare : never;
  /** It runs only where events of one of these kinds were recorded. */
  readonly ifRecorded?: readonly KindName[];
  readonly make: (scope: CheckScope<R> & Pick<CheckNotes, N>) => Check;
}

/** A check of some rule. */
export interface AnyCheck {
  readonly rule: BreachRule;
  readonly policy: boolean;
  readonly needs: readonly Note[];
  readonly share: CheckShare;
  readonly ifRecorded: readonly KindName[] | undefined;
  /** Begins to look at one replay. */
  readonly start: (tools: CheckTools, breaches: BreachFacts, opportunities: Opportunities) => Check;
}

/** Declares a check: it looks for the contradictions of one rule while the state is replayed, where the state is at hand. */
export function defineCheck<const R extends BreachRule, const N extends Note = never>(spec: CheckSpec<R, N>): AnyCheck {
  const { rule, policy = false, needs = [], ifRecorded, make } = spec;
  return {
    rule,
    policy,
    needs,
    share: needs.length > 0 ? 'references' : (spec.share ?? 'entries'),
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
