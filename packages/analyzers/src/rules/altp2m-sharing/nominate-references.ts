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
  doc: `share_nominate succeeded at a count other than PGC_allocated and 2, of which the nomination's own reference is one:
whoever holds the others can write to a page that is shared from now on (X§5.3; mail 1).`,
  mechanism: `nominate_page compares count_info with PGC_allocated | (2 + expected_refcount), and says -E2BIG
(xen/arch/x86/mm/mem_sharing.c).`,
  confirm: `select seq, kind, pcpu, owner, hex(count_info) as count_info, symbol from events where
covers(mfn, "order", $mfn) and seq <= $nominated order by seq`,
  fix: `Compare after the type was changed, so that no writer can come any more.`,
  limits: `A page that was shared already is not judged. A fork may expect more references; the trace does not say.`,
  sql: breachSql('altp2m-sharing.nominate-references', {
    subject: ['domid', 'gfn', 'mfn', 'count'],
    signature: ['count', 'site'],
  }),
};
