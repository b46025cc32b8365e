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
  refutedBy: ['page_alloc'],
  doc: `get_page succeeded on a page that had been freed and not allocated again, or whose count was 0. It has to fail
at count 0 (docs/xen.md#reference-counts); whoever got the page holds memory that belongs to somebody else.`,
  fires: 'get_page succeeds on a free frame, or takes a known count from 0 to 1.',
  nearMiss: 'get_page_failed; or the page was allocated again before.',
  mechanism: `page_get_owner_and_reference() refuses a count of 0. So either the count was wrong, or something
incremented it directly (get_page_light() only asserts), or page_info was written while the page was free
(docs/xen.md#count-writers).`,
  confirm: 'select * from page_spans where mfn = $mfn order by generation',
  fix: 'Take references through get_page() only, and before the page can be freed.',
  limits:
    'An allocation that was not recorded, such as one for a domain that is left out of the trace, looks the same.',
  sql: breachSql('refcount.get-on-free', {
    subject: ['mfn', 'generation', 'owner as domid'],
    signature: ['site'],
  }),
};
