import type { Rule } from '../define-analyzer.js';
import { divergenceSql } from './divergence-sql.js';

export const typeDivergence: Rule = {
  id: 'refcount.type-divergence',
  title: 'a recorded type count is not what the events before it make',
  severity: 'warning',
  belief: {
    basis: 'documented',
    source: 'what get_page_type() and put_page_type() do (docs/xen.md#type-counts)',
  },
  confidence: 'likely',
  needs: ['get_type|put_type'],
  refutedBy: ['get_type', 'put_type'],
  doc: `type_info after a get or put is not the previous value plus or minus one. When PGT_partial is set it owns one
type count itself: "the instance setting the flag must not drop that reference, whereas the instance clearing it will
have to" (docs/xen.md#pgt-partial; docs/xen.md#thread-count-overflow), and the count stays the same.`,
  fires: 'A recorded type count differs from the one that the replay expects.',
  nearMiss: 'Each get_type adds one, each put_type subtracts one.',
  mechanism: `A type reference is taken or dropped without an event: by page_lock() for a moment, by p2m_alloc_ptp()
and share_xen_page_with_guest() for good (docs/xen.md#count-writers).`,
  confirm: `select seq, kind, pcpu, hex(type_info) as type_info, rc, event_site(symbol, caller, pcpu, seq) as site
from events where covers(mfn, "order", $mfn) and kind in ('get_type', 'put_type') and seq between $last_change and
$seen order by seq`,
  fix: 'Record what changed it, or find the one that is not paired.',
  limits: 'A missing event looks the same. The replay goes on with the recorded count, so each jump is reported once.',
  of: { sql: 'select count(type_info) from events', what: 'recorded type counts' },
  sql: divergenceSql('type_info'),
};
