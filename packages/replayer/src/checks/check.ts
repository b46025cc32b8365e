import type { KindName } from '@p2mtrace/trace-format';
import type { Handlers } from '../handlers.js';
import type { Now } from '../now.js';
import type { P2mSet } from '../p2m-set.js';
import type { TraceHead } from '../replay-context.js';
import type { Replayer } from '../replayer.js';
import type { Breach } from './breach-facts.js';
import type { RelinquishedTypes } from './relinquished-types.js';
import type { Section } from './section.js';
import type { Sections } from './sections.js';

/**
 * Looks for contradictions of one mechanism while the state is replayed, where the state is at hand. A check never
 * changes that state; what it remembers beyond it is its own, and in no checkpoint.
 */
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

/** What whoever asks for checks may choose. */
export interface CheckOptions {
  /** Bits that counts are to be judged by, instead of those of the trace's layout. */
  readonly counterWidth?: number | undefined;
  /** Names of the rules that stand for a policy, which are checked only then. */
  readonly policies?: readonly string[] | undefined;
  /** Part of the checks, where two replays share them (registry.ts); all where absent. */
  readonly share?: 'references' | 'entries' | undefined;
}

/** What a check may look at. */
export interface CheckScope {
  /** The state as it is at the event of the moment. */
  readonly state: Replayer;
  readonly p2ms: P2mSet;
  readonly now: Now;
  readonly head: TraceHead;
  readonly options: CheckOptions;
  /** Events of one of these kinds were recorded: a check of what was not need not look at anything. */
  readonly records: (...kinds: KindName[]) => boolean;
  /** The order of events of different pcpus is as it was. */
  readonly isOrdered: boolean;
  readonly sections: Sections;
  readonly relinquished: RelinquishedTypes;
  readonly report: (found: Breach) => void;
}

export type MakeCheck = (scope: CheckScope) => Check;
