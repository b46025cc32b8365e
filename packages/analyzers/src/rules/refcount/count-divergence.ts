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
  doc: `count_info after a get or put is not the one before plus or minus one: something changed the count without an
event (X§4.3 lists what may: assign_pages, steal_page, share_xen_page_with_guest), or an event is missing.`,
  mechanism: `steal_page() and assign_pages() write count_info as a whole (X§4.3); of XSA-284 and XSA-287 it is the first sign.`,
  confirm: `select seq, kind, pcpu, hex(count_info) as count_info, coalesce(symbol, hex(caller)) as site from events where
covers(mfn, "order", $mfn) and seq between $last_change and $seen order by seq`,
  fix: 'Record what changed it (owner_set has the count after); or find the writer that does not keep to get and put.',
  limits:
    'An event that is missing from the trace looks the same. After it the recorded count holds, so it is told once.',
  of: { sql: 'select count(count_info) from events', what: 'recorded counts' },
  sql: divergenceSql('count_info'),
};
