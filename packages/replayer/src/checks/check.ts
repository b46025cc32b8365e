import type { Handlers } from '../batch/handlers.js';
import type { Section } from './section.js';

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
