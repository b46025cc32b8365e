import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const overflow: Rule = {
  id: 'refcount.overflow',
  title: 'a count reached its limit',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'get_page() and get_page_type() refuse there (docs/xen.md#counter-limits)',
  },
  confidence: 'proven',
  needs: ['get_page|get_type'],
  doc: `The general count reached max − 1, or the type count max. From there on get_page and get_page_type fail, so
whoever can map a page often enough denies it to everybody else (docs/xen.md#counter-limits). The bits are those of
the trace's layout, or of --counter-width; with that option the rule also tells where such a counter would have
wrapped, and, as notes, the headroom of the pages that came nearest to the limit (docs/xen.md#thread-count-overflow).`,
  fires: 'get_page makes the count 2^bits − 2, or get_type makes the type count 2^bits − 1.',
  nearMiss: 'The same count with wider counters, or one below the limit.',
  mechanism: `A PV guest maps one of its pages over and over. With 26 bits, 2^26 mappings take 512 MB of page tables
(docs/xen.md#thread-count-overflow). Layouts since 3.4 have 54 bits or more (docs/xen.md#page-info-layouts), and the
checks are still there.`,
  confirm: `select seq, kind, pcpu, hex(count_info) as count_info, hex(type_info) as type_info,
event_site(symbol, caller, pcpu, seq) as site from events where covers(mfn, "order", $mfn) and seq <= $reached
order by seq desc limit 20`,
  fix: 'Use wider counters, as 3.4 did; or limit how often one page can be mapped, below the limit of the counter.',
  limits: 'A count that no event shows is not judged. Headroom is reported for the thousand pages that have the least.',
  sql: breachSql('refcount.overflow', {
    subject: ['mfn', 'limit as count', 'width', 'expected as headroom'],
    signature: ['detail', 'width', 'site'],
    severity: `if(b.detail in ('headroom', 'type-headroom'), 'note', null)`,
    title: `case b.detail when 'headroom' then 'headroom of the general count' when 'type-headroom' then
      'headroom of the type count' when 'wrap' then 'a counter wrapped, or would have' end`,
  }),
};
