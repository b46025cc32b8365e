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
  doc: `put_page on a page whose count was 0: one put too many, so the count wraps or the page is freed twice (X§4.3,
put_page asserts count ≠ 0; XSA-287).`,
  mechanism: `An error path that puts what it has not got, or a put by each of two that share one reference (XSA-218:
parallel unmaps of a grant; XSA-380 and XSA-394). The count wraps inside its own bits.`,
  confirm: `select from_seq, to_seq, from_pcpu, to_pcpu, underflow from ref_spans where mfn = $mfn
and coalesce(to_seq, from_seq) <= $put order by coalesce(from_seq, to_seq) desc limit 20`,
  fix: 'Find which of the puts before it is one too many: the wrong one need not be the last.',
  limits: 'A count that the trace has not shown yet is not judged, nor one after lost records.',
  sql: breachSql('refcount.underflow', {
    subject: ['mfn', 'generation', 'owner as domid'],
    signature: ['site'],
  }),
};
