import type { EventRow, Thing } from '../api.js';
import { valueText } from '../text.js';

type Fields = Readonly<Record<string, unknown>>;

/** A thing's state in a line: what it is, and who wrote it. */
export function entryText({ state, events }: Thing): string {
  const { entries, page, mappings } = state as {
    entries?: readonly Fields[];
    page?: Fields;
    mappings?: readonly Fields[];
  };
  if (entries !== undefined) return entries.map(entry => entryLine(entry, events)).join('; ');
  if (page === undefined) return '';
  const parts = ['state', 'owner', 'count', 'type', 'type_count']
    .filter(name => page[name] !== null)
    .map(name => (name === 'state' ? String(page[name]) : `${name} ${valueText(name, page[name])}`));
  const mapped = (mappings ?? [])
    .slice(0, 3)
    .map(({ domid, gfn, view }) => `mapped by d${domid} ${view} ${valueText('gfn', gfn)}`);
  return [...parts, ...mapped, byText(events[String(page.last_seq)])].filter(text => text !== '').join(' · ');
}

function entryLine(entry: Fields, events: Thing['events']): string {
  if (entry.known !== 'entry') return `${entry.view}: ${entry.known === 'absent' ? 'no entry' : 'unknown'}`;
  const parts = [
    `${entry.view}: ${entry.p2m_type}`,
    entry.mfn === null ? 'no mfn' : `mfn ${valueText('mfn', entry.mfn)}`,
    entry.access === null ? '' : `access ${entry.access}`,
    entry.order === 0 ? '' : `order ${entry.order}`,
    entry.set_seq === null ? 'there before the trace showed it' : byText(events[String(entry.set_seq)]),
  ];
  return parts.filter(text => text !== '').join(' · ');
}

function byText(event: EventRow | undefined): string {
  if (event === undefined) return '';
  const site = event.symbol ?? event.caller;
  return [
    `${event.kind} #${event.seq.toLocaleString('en')}`,
    event.pcpu === undefined ? '' : `pcpu ${event.pcpu}`,
    event.cur_domid === undefined ? '' : `running d${event.cur_domid}v${event.cur_vcpu ?? '?'}`,
    site === undefined ? '' : `from ${site}`,
  ]
    .filter(text => text !== '')
    .join(', ');
}
