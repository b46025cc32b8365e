import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const nested: Rule = {
  id: 'm2p-override.nested',
  title: 'a page with an override got another',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'Linux, m2p_add_override(): one page has room for one mfn (docs/xen.md#m2p-override)',
  },
  confidence: 'proven',
  needs: ['m2p_override_add'],
  refutedBy: ['m2p_override_remove'],
  doc: `m2p_add_override was called for a page that already overrides an mfn. page->private and page->index hold one
mfn each, so what was saved first is lost (docs/xen.md#m2p-override).`,
  fires: 'm2p_override_add of a page that has an override.',
  nearMiss: 'The first override is removed before.',
  mechanism: 'm2p_add_override stores the old mfn in page->index without looking (arch/x86/xen/p2m.c).',
  confirm: `select seq, kind, pcpu, hex(gfn) as gfn, hex(mfn) as mfn, hex(arg0) as old_mfn, event_site(symbol, caller,
pcpu, seq) as site from events where kind in ('m2p_override_add', 'm2p_override_remove') and covers(gfn, "order",
$gfn) order by seq`,
  fix: 'Remove the override before the page is used again.',
  limits: 'Overrides from before the trace are unknown.',
  sql: breachSql('m2p-override.nested', {
    subject: ['domid', 'gfn', 'mfn'],
    signature: ['site'],
  }),
};
