import type { EventRow } from '../api.js';
import { vcpuText } from '../text.js';
import { SeqLink, SiteLink, Value } from './links.js';

/** Shown apart from what the event did. */
const CONTEXT = new Set(['seq', 'kind', 'tsc', 'tsc_own', 'pcpu', 'cur_domid', 'cur_vcpu', 'caller', 'symbol']);

/** What an event did, and who did it. */
export function EventLine({ event, by = true }: { readonly event: EventRow; readonly by?: boolean }) {
  const fields = Object.entries(event).filter(([name]) => !CONTEXT.has(name));
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
      {by && event.pcpu !== undefined && (
        <span class="by">
          {' '}
          pcpu <Value name="pcpu" value={event.pcpu} />
        </span>
      )}
      {by && event.cur_domid !== undefined && (
        <span class="by"> running {vcpuText(event.cur_domid, event.cur_vcpu)}</span>
      )}
      {by && (event.caller ?? event.symbol) !== undefined && (
        <span class="by">
          {' '}
          from <SiteLink caller={event.caller} symbol={event.symbol} />
        </span>
      )}
    </span>
  );
}
