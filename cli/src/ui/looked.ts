import {
  type EventFilter,
  parseExpression,
  parseSubject,
  SUBJECTS,
  type Subject,
  subjectText,
  touching,
} from '@p2mtrace/replayer';
import { isValid, type TraceReader } from '@p2mtrace/trace-format';
import { usageError } from '@p2mtrace/trace-format/errors';

/** What the page can look at: what has a history, and also a pcpu, and a call site by its address or its name. */
export type Looked =
  | Subject
  | { readonly about: 'pcpu'; readonly pcpu: number }
  | { readonly about: 'site'; readonly site: string };

/** What a text may begin with to name a thing. */
export const THINGS: readonly string[] = [...SUBJECTS, 'pcpu', 'site'];

/** `gfn 1:0x1234`, `pcpu 3`, `site 0xffff82d0402da67a`. @throws P2mError P2M_SUBJECT (usage) */
export function parseLooked(text: string): Looked {
  const space = text.indexOf(' ');
  const [about, which] = space < 0 ? [text, ''] : [text.slice(0, space), text.slice(space + 1).trim()];
  if (about === 'site') return { about, site: which };
  if (about !== 'pcpu') return parseSubject(about, which);
  if (!/^\d{1,5}$/.test(which)) throw usageError('P2M_SUBJECT', `${which} is no pcpu`, 'write its number, such as 3');
  return { about, pcpu: Number(which) };
}

/** What `parseLooked` reads. */
export function lookedText(looked: Looked): string {
  if (looked.about === 'pcpu') return `pcpu ${looked.pcpu}`;
  return looked.about === 'site' ? `site ${looked.site}` : subjectText(looked);
}

/** Events that touch it, happened there or came from there. @throws P2mError P2M_SUBJECT, P2M_VIEW (usage) */
export function eventsOf(names: TraceReader['names'], looked: Looked): EventFilter {
  if (looked.about === 'pcpu') return parseExpression(`pcpu == ${looked.pcpu}`, names);
  return looked.about === 'site' ? ofSite(names, looked.site) : touching(names, looked);
}

function ofSite(names: TraceReader['names'], site: string): EventFilter {
  const [address, symbol] = [names.caller.indexOf(site.toLowerCase()), names.symbol.indexOf(site)];
  if (address < 0 && symbol < 0) {
    throw usageError('P2M_SUBJECT', `the trace has no call site ${site}`, 'name one by its address, or by its symbol');
  }
  const column = address < 0 ? 'symbol' : 'caller';
  const wanted = Math.max(address, symbol);
  return {
    fill(batch, mask) {
      const [values, valid] = [batch.values(column), batch.validity(column)];
      for (let row = 0; row < batch.rows; row++) mask[row] = Number(values[row] === wanted && isValid(valid, row));
    },
  };
}
