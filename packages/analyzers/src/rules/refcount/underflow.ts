import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const underflow: Rule = {
  id: 'refcount.underflow',
  title: 'a reference was dropped that nobody held',
  severity: 'error',
  belief: {
    basis: 'asserted',
    source: 'put_page() asserts that the count is not 0 (docs/xen.md#reference-counts)',
  },
  confidence: 'proven',
  needs: ['put_page|alloc_ref_drop'],
  refutedBy: ['get_page'],
  doc: `put_page was called on a page whose count was 0: one put too many. The count wraps, or the page is freed twice
(docs/xen.md#reference-counts: put_page asserts that the count is not 0; XSA-287).`,
  fires: 'put_page or alloc_ref_drop on a page that is free, or whose count is known to be 0.',
  nearMiss: 'The same at count 1; or a first put that only shows what the count was before the trace.',
  mechanism: `An error path puts what it never got, or two callers each put the one reference they share (XSA-218:
parallel unmaps of a grant; XSA-380 and XSA-394). The count wraps within its own bits.`,
  confirm: `select from_seq, to_seq, from_pcpu, to_pcpu, underflow from ref_spans where mfn = $mfn
and coalesce(to_seq, from_seq) <= $put order by coalesce(from_seq, to_seq) desc limit 20`,
  fix: 'Find out which of the puts before it is one too many. It need not be the last.',
  limits: 'A count that the trace has not shown yet is not judged, nor is any after lost records.',
  sql: breachSql('refcount.underflow', {
    subject: ['mfn', 'generation', 'owner as domid'],
    signature: ['site'],
  }),
};
