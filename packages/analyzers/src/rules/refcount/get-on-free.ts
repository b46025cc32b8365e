import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const getOnFree: Rule = {
  id: 'refcount.get-on-free',
  title: 'a reference was taken on a page without any',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source:
      'page_get_owner_and_reference() fails at count 0, get_page_light() hits BUG() (docs/xen.md#reference-counts)',
  },
  confidence: 'proven',
  needs: ['get_page'],
  doc: `get_page succeeded on a page that had been freed and not allocated again, or whose count was 0: it must fail at
count 0 (X§4.3), so whoever got the page holds somebody else's memory.`,
  mechanism: `page_get_owner_and_reference() refuses a count of 0, so a count that was wrong, an increment beside it
(get_page_light() only asserts), or a page_info written by others while it was free (X§4.3 lists who writes it).`,
  confirm: 'select * from page_spans where mfn = $mfn order by generation',
  fix: 'Take references through get_page() alone, and before the page can be freed.',
  limits:
    'An allocation that was not recorded, such as those of a domain that is left out of the trace, looks the same.',
  sql: breachSql('refcount.get-on-free', {
    subject: ['mfn', 'generation', 'owner as domid'],
    signature: ['site'],
  }),
};
