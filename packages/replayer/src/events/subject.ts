import { DOMID_IDLE, hex, suggestion, type TraceReader, usageError } from '@p2mtrace/trace-format';
import { MAX_FRAME } from '../memory/frame-table.js';

/** What a question about the past can be about. */
export type Subject =
  /** A guest frame, in one view of its domain, or in all of them if none is named. */
  | { readonly about: 'gfn'; readonly domid: number; readonly gfn: number; readonly view?: string }
  | { readonly about: 'mfn'; readonly mfn: number }
  /** A lock by its address, or all locks of a class. */
  | { readonly about: 'lock'; readonly lock: string }
  | { readonly about: 'domain'; readonly domid: number };

export const SUBJECTS = ['gfn', 'mfn', 'lock', 'domain'] as const;

const FORMS: Readonly<Record<Subject['about'], string>> = {
  gfn: 'write it as DOMID:GFN or DOMID:GFN@VIEW, such as 1:0x1234 or 1:0x1234@altp2m:0',
  mfn: 'write it as a number, such as 0x9fe5e',
  lock: 'write its address, such as 0xffff83013753e630, or its class, such as p2m',
  domain: 'write its domid, 0 to 32767',
};

/**
 * Parses `1:0x1234@altp2m:0`, `0x9fe5e`, `p2m` or `1`, depending on what it is about; numbers are decimal or 0x….
 * @throws P2mError P2M_SUBJECT (usage)
 */
export function parseSubject(about: string, text: string): Subject {
  switch (about) {
    case 'gfn': {
      const parts = /^([^:@]+):([^:@]+)(?:@(.+))?$/.exec(text);
      const [domid, gfn] = [domidOf(parts?.[1]), frameOf(parts?.[2])];
      if (domid === undefined || gfn === undefined) throw refusal(about, text);
      const view = parts?.[3];
      return view === undefined ? { about, domid, gfn } : { about, domid, gfn, view };
    }
    case 'mfn': {
      const mfn = frameOf(text);
      if (mfn === undefined) throw refusal(about, text);
      return { about, mfn };
    }
    case 'lock':
      return { about, lock: text };
    case 'domain': {
      const domid = domidOf(text);
      if (domid === undefined) throw refusal(about, text);
      return { about, domid };
    }
    default:
      throw usageError(
        'P2M_SUBJECT',
        `${about} is nothing that has a history${suggestion(about, SUBJECTS)}`,
        `name one of ${SUBJECTS.join(', ')}`,
      );
  }
}

/** The text that `parseSubject` reads, after what it is about: `gfn 1:0x1234`. */
export function subjectText(subject: Subject): string {
  switch (subject.about) {
    case 'gfn': {
      const view = subject.view === undefined ? '' : `@${subject.view}`;
      return `gfn ${subject.domid}:${hex(subject.gfn)}${view}`;
    }
    case 'mfn':
      return `mfn ${hex(subject.mfn)}`;
    case 'lock':
      return `lock ${subject.lock}`;
    case 'domain':
      return `domain ${subject.domid}`;
  }
}

/** Index of a view's name. @throws P2mError P2M_VIEW (usage) if the trace has no such view */
export function viewIndex(names: TraceReader['names'], view: string): number {
  const index = names.view.indexOf(view);
  if (index < 0) {
    throw usageError(
      'P2M_VIEW',
      `the trace has no view ${view}${suggestion(view, names.view)}`,
      `it has ${names.view.join(', ')}`,
    );
  }
  return index;
}

/**
 * Indices of a lock's address and class by name; -1 for the one that it is not. @throws P2mError P2M_SUBJECT (usage)
 */
export function lockIndex(names: TraceReader['names'], lock: string): { address: number; lockClass: number } {
  const found = { address: names.lock.indexOf(lock.toLowerCase()), lockClass: names.lock_class.indexOf(lock) };
  if (found.address < 0 && found.lockClass < 0) {
    throw usageError(
      'P2M_SUBJECT',
      `the trace has no lock ${lock}${suggestion(lock, names.lock_class)}`,
      `name one by its address, or a class: ${names.lock_class.join(', ')}`,
    );
  }
  return found;
}

const numberOf = (text: string | undefined): number =>
  text !== undefined && /^(?:\d+|0x[0-9a-f]+)$/i.test(text) ? Number(text) : Number.NaN;

function domidOf(text: string | undefined): number | undefined {
  const domid = numberOf(text);
  return domid <= DOMID_IDLE ? domid : undefined;
}

function frameOf(text: string | undefined): number | undefined {
  const frame = numberOf(text);
  return frame < MAX_FRAME ? frame : undefined;
}

function refusal(about: Subject['about'], text: string) {
  return usageError('P2M_SUBJECT', `${text} is no ${about}`, FORMS[about]);
}
