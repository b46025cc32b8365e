import { LOCK_MODES, type TraceReader, usageError } from '@p2mtrace/trace-format';
import { oneLock } from '../events/locks-of-class.js';
import { type Subject, subjectText, viewIndex } from '../events/subject.js';
import type { PageRow } from '../rows/page-rows.js';
import type { M2pValue } from '../rows/state-rows.js';
import type { MappingRow, StateView } from '../rows/state-view.js';

/** The entry for a gfn in one view of a domain; `mfn` is that of the gfn itself, whatever the size of its leaf. */
export interface GfnEntry {
  readonly view: string;
  readonly known: 'entry' | 'absent' | 'unknown';
  readonly mfn?: number | null;
  readonly order?: number;
  readonly p2m_type?: string;
  readonly access?: string | null;
  readonly set_seq?: number | null;
}

/** An acquisition of a lock that was not released. */
export interface Holding {
  readonly pcpu: number;
  readonly mode: string;
  readonly since_seq: number;
}

/** What is known of a subject at one point. */
export type SubjectState =
  | { readonly about: 'gfn'; readonly entries: readonly GfnEntry[] }
  | { readonly about: 'mfn'; readonly page: PageRow; readonly m2p: M2pValue; readonly mappings: readonly MappingRow[] }
  | {
      readonly about: 'lock';
      readonly lock: string;
      readonly holders: readonly Holding[];
      /** Holders before these that were left out; absent for none. */
      readonly more?: number;
    };

/**
 * A function that looks up a subject, with its names resolved, in any state.
 * @throws P2mError P2M_SUBJECT, P2M_VIEW (usage): a domain has no state of its own, a class may have many locks
 */
export function stateOf(reader: TraceReader, subject: Subject): (state: StateView) => SubjectState {
  switch (subject.about) {
    case 'gfn': {
      const { domid, gfn, view } = subject;
      if (view !== undefined) viewIndex(reader.names, view);
      return state => {
        const views = view === undefined ? viewsOf(state, domid) : [view];
        return { about: 'gfn', entries: views.map(name => gfnEntry(state, domid, name, gfn)) };
      };
    }
    case 'mfn': {
      const { mfn } = subject;
      return state => ({ about: 'mfn', page: state.page(mfn), m2p: state.m2p(mfn), mappings: state.mappings(mfn) });
    }
    case 'lock': {
      const index = oneLock(reader, subject);
      return state => ({ about: 'lock', lock: reader.names.lock[index], holders: holdersOf(state, index) });
    }
    case 'domain':
      throw usageError(
        'P2M_SUBJECT',
        `${subjectText(subject)} has no single state to watch`,
        'name a gfn, an mfn or a lock; p2mtrace diff compares all that a domain has',
      );
  }
}

/** Views of a domain that the state knows, always including the host's. */
function viewsOf(state: StateView, domid: number): string[] {
  const p2ms = state.p2ms().filter(p2m => p2m.domid === domid);
  return [...new Set(['host', ...p2ms.map(({ view }) => view)])];
}

export function gfnEntry(state: StateView, domid: number, view: string, gfn: number): GfnEntry {
  const entry = state.entry(domid, view, gfn);
  if (entry.known !== 'entry') return { view, known: entry.known };
  const { order, p2m_type, access, set_seq } = entry;
  const mfn = entry.mfn === null ? null : entry.mfn + (gfn - entry.gfn);
  return { view, known: 'entry', mfn, order, p2m_type, access, set_seq };
}

/** Everyone who holds the lock with this index. */
export function holdersOf({ replayer: { locks } }: StateView, lock: number): Holding[] {
  return Array.from({ length: locks.pcpus }, (_, pcpu) =>
    locks
      .heldBy(pcpu)
      .filter(held => held.lock === lock)
      .map(({ mode, seq }) => ({ pcpu, mode: LOCK_MODES[mode], since_seq: seq })),
  ).flat();
}

/** When a value was last written, and the size of a leaf, do not count as changes. */
const NO_PART = new Set(['set_seq', 'order', 'count_seq', 'last_seq']);

/** Text that is equal for equal states of a subject. */
export function stateKey(state: SubjectState): string {
  return JSON.stringify(state, (name, value) => {
    if (NO_PART.has(name)) return undefined;
    return typeof value === 'bigint' ? String(value) : value;
  });
}
