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
  doc: `The general count reached max − 1, or the type count max: get_page and get_page_type fail from there on, so that
whoever can map a page often enough denies it to everybody else (X§4.3). It is judged by the bits of the trace's layout,
or by those of --counter-width, where a count may go on to 2^width: there such a counter would have wrapped. With
--counter-width it also tells the headroom: the pages that came nearest to the limit, as notes (mail 4, "page ref/type
count overflows": counters of 26 bits, 25 for types).`,
  mechanism: `A PV guest maps one of its pages again and again; with 26 bits 2^26 mappings are 512 MB of page tables (mail 4).
Layouts since 3.4 have 54 bits and more (X§4.2), and the checks are still there.`,
  confirm: `select seq, kind, hex(count_info) as count_info, hex(type_info) as type_info, coalesce(symbol, hex(caller)) as
site from events where covers(mfn, "order", $mfn) and seq <= $reached order by seq desc limit 20`,
  fix: 'Wider counters, as in 3.4; a limit on mappings of one page before the counter has one.',
  limits: 'Counts that no event shows are not judged. Headroom is told of the thousand pages that have the least.',
  sql: breachSql('refcount.overflow', {
    subject: ['mfn', 'limit as count', 'width', 'expected as headroom'],
    signature: ['detail', 'width', 'site'],
    severity: `if(b.detail in ('headroom', 'type-headroom'), 'note', null)`,
    title: `case b.detail when 'headroom' then 'headroom of the general count' when 'type-headroom' then
      'headroom of the type count' when 'wrap' then 'a counter wrapped, or would have' end`,
  }),
};
