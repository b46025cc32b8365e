import type { KindName } from '@p2mtrace/trace-format';
import type { CurrentEvent } from '../batch/current-event.js';
import type { BreachRule } from '../facts/breach-table.js';
import type { FactRecorder } from '../facts/fact-recorder.js';
import type { LockFacts } from '../facts/lock-facts.js';
import type { Mechanism } from '../facts/opportunity-names.js';
import type { CheckOptions, TraceHead } from '../replay-options.js';
import type { P2mSet } from '../state/p2m-set.js';
import type { EntryOf } from '../state/replay-context.js';
import type { XenState } from '../state/xen-state.js';
import type { Breach } from './breach-facts.js';
import type { OpportunityCounter } from './opportunities.js';
import type { RelinquishedTypes } from './relinquished-types.js';
import type { Sections } from './sections.js';

/** What all checks may look at. */
export interface CheckTools {
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
  /** References on the frame that may have been dropped before the event of the moment, by puts recorded behind it. */
  readonly earlierPuts: (mfn: number) => number;
  /** The event of the moment surely happened after that one. */
  readonly isSurelyAfter: (seq: number) => boolean;
  /** The entry may have been removed before the event of the moment, by a write recorded behind it. */
  readonly mayBeRemoved: (entry: EntryOf) => boolean;
  readonly sections: Sections;
  readonly facts: FactRecorder;
  /** Classes of locks. */
  readonly lockFacts: LockFacts;
  /** Index of the call site of what happens now, -1 for none. */
  readonly site: () => number;
  /** Types that are gone without an event; followed only where a check asks for them. */
  readonly relinquishedTypes: () => RelinquishedTypes;
}

/** The same for a check of one rule. */
export interface CheckScope<R extends BreachRule> extends CheckTools {
  readonly report: (found: Breach<R>) => void;
  /** Counts where the rule could have fired; to be asked for when the check is made, not event by event. */
  readonly opportunities: (mechanism: Mechanism<R>) => OpportunityCounter;
}
