import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const nominateReferences: Rule = {
  id: 'altp2m-sharing.nominate-references',
  title: 'a page was nominated for sharing while somebody held it',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'page_make_sharable() refuses any other count with -E2BIG (docs/xen.md#sharing-nominate)',
  },
  confidence: 'proven',
  needs: ['share_nominate', 'get_page|put_page'],
  refutedBy: ['get_page', 'put_page'],
  doc: `share_nominate succeeded at a count other than PGC_allocated and 2, one of which is the nomination's own.
Whoever holds the others can write to a page that is shared from now on (docs/xen.md#sharing-nominate;
docs/xen.md#thread-altp2m-shared).`,
  fires: `share_nominate succeeds at a known count other than PGC_allocated | 2 (a note if the references beyond that may
have been dropped before, by puts that are recorded behind it).`,
  nearMiss: 'The count is exactly that; or the nomination fails with -E2BIG.',
  mechanism: `nominate_page compares count_info with PGC_allocated | (2 + expected_refcount), and returns -E2BIG
(xen/arch/x86/mm/mem_sharing.c).`,
  confirm: `select seq, kind, pcpu, owner, hex(count_info) as count_info, event_site(symbol, caller, pcpu, seq) as
site from events where covers(mfn, "order", $mfn) and seq <= $nominated order by seq`,
  fix: 'Compare after the type was changed, so that no writer can come any more.',
  limits: 'A page that was already shared is not judged. A fork may expect more references; the trace does not say.',
  sql: breachSql('altp2m-sharing.nominate-references', {
    subject: ['domid', 'gfn', 'mfn', 'count'],
    signature: ['count', 'site'],
  }),
};
