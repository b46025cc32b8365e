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
  doc: `type_info after a get or put is not the one before plus or minus one, nor the same where PGT_partial was set or stays
set, which owns one type count itself (X§4.3; mail 4: "the instance setting the flag must not drop that reference, whereas
the instance clearing it will have to").`,
  mechanism: `Type references that are taken or dropped without an event: page_lock() for a moment, p2m_alloc_ptp() and
share_xen_page_with_guest() for good (X§4.3).`,
  confirm: `select seq, kind, pcpu, hex(type_info) as type_info, rc, coalesce(symbol, hex(caller)) as site from events where
covers(mfn, "order", $mfn) and kind in ('get_type', 'put_type') and seq between $last_change and $seen order by
seq`,
  fix: 'Record what changed it; or find the one that is not paired.',
  limits:
    'An event that is missing from the trace looks the same. After it the recorded count holds, so it is told once.',
  of: { sql: 'select count(type_info) from events', what: 'recorded type counts' },
  sql: divergenceSql('type_info'),
};
