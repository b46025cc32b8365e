import type { Rule } from '../define-analyzer.js';
import { divergenceSql } from './divergence-sql.js';

export const countDivergence: Rule = {
  id: 'refcount.count-divergence',
  title: 'a recorded count is not what the events before it make',
  severity: 'warning',
  belief: {
    basis: 'documented',
    source: 'what get_page() and put_page() do, and who else writes the count (docs/xen.md#count-writers)',
  },
  confidence: 'likely',
  needs: ['get_page|put_page'],
  refutedBy: ['get_page', 'put_page'],
  doc: `count_info after a get or put is not the previous value plus or minus one. Either something changed the count
without an event (docs/xen.md#count-writers lists what may: assign_pages, steal_page, share_xen_page_with_guest), or
an event is missing.`,
  fires: 'A recorded count differs from the one that the replay expects.',
  nearMiss: 'An event between the two, such as owner_set, says what the count became.',
  mechanism: `steal_page() and assign_pages() write count_info as a whole (docs/xen.md#count-writers). Of XSA-284 and
XSA-287 this is the first sign.`,
  confirm: `select seq, kind, pcpu, hex(count_info) as count_info, event_site(symbol, caller, pcpu, seq) as site from
events where covers(mfn, "order", $mfn) and seq between $last_change and $seen order by seq`,
  fix: `Record what changed it (owner_set carries the count after it), or find the writer that does not go through get
and put.`,
  limits: 'A missing event looks the same. The replay goes on with the recorded count, so each jump is reported once.',
  of: { sql: 'select count(count_info) from events', what: 'recorded counts' },
  sql: divergenceSql('count_info'),
};
