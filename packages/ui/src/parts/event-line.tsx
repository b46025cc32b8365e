import type { EventRow } from '../api.js';
import { SeqLink, Value } from './links.js';

/** Shown apart from what the event did. */
const CONTEXT = new Set(['seq', 'kind', 'tsc', 'tsc_own', 'pcpu', 'cur_domid', 'cur_vcpu', 'caller', 'symbol']);

/** What an event did, and who did it. */
export function EventLine({ event, by = true }: { readonly event: EventRow; readonly by?: boolean }) {
  const fields = Object.entries(event).filter(([name]) => !CONTEXT.has(name));
  const site = event.symbol ?? event.caller;
  return (
    <span class="event">
      <SeqLink at={event.seq} /> <b>{event.kind}</b>
      {fields.map(([name, value]) => (
        <span key={name}>
          {' '}
          <i>{name}</i>&nbsp;
          <Value name={name} value={value} row={event} />
        </span>
      ))}
      {by && event.pcpu !== undefined && <span class="by"> pcpu {String(event.pcpu)}</span>}
      {by && event.cur_domid !== undefined && (
        <span class="by">
          {' '}
          running d{String(event.cur_domid)}v{String(event.cur_vcpu ?? '?')}
        </span>
      )}
      {by && site !== undefined && <span class="by"> from {String(site)}</span>}
    </span>
  );
}
