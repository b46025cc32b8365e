import type { Handlers } from '../batch/handlers.js';
import type { Section } from './section.js';

/** What a check looks at in one replay. It never changes the state; what it remembers beyond it is in no checkpoint. */
export interface RunningCheck {
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
