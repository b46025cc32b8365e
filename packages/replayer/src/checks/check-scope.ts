import type { KindName } from '@p2mtrace/trace-format';
import type { CurrentEvent } from '../batch/current-event.js';
import type { BreachName } from '../facts/breach-names.js';
import type { OpportunityCounter } from '../facts/opportunities.js';
import type { Mechanism } from '../facts/opportunity-names.js';
import type { CheckOptions, TraceHead } from '../replay-options.js';
import type { P2mSet } from '../state/p2m-set.js';
import type { XenState } from '../state/xen-state.js';
import type { Breach } from './breach-facts.js';
import type { Check } from './check.js';
import type { RelinquishedTypes } from './relinquished-types.js';
import type { Sections } from './sections.js';

/** What a check may look at. */
export interface CheckScope {
  /** The state as it is at the event of the moment. */
  readonly state: XenState;
  readonly p2ms: P2mSet;
  readonly now: CurrentEvent;
  readonly head: TraceHead;
  readonly options: CheckOptions;
  /** Events of one of these kinds were recorded: a check of what was not need not look at anything. */
  readonly records: (...kinds: KindName[]) => boolean;
  /** The order of events of different pcpus is as it was. */
  readonly isOrdered: boolean;
  readonly sections: Sections;
  readonly relinquished: RelinquishedTypes;
  readonly report: (found: Breach) => void;
  /** Counts where a rule could have fired; to be asked for when the check is made. */
  readonly opportunities: <R extends BreachName>(rule: R, mechanism: Mechanism<R>) => OpportunityCounter;
}

export type MakeCheck = (scope: CheckScope) => Check;
