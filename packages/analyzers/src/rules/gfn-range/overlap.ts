import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const overlap: Rule = {
  id: 'gfn-range.overlap',
  title: 'two pcpus hold overlapping ranges of one p2m',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'get_gfn() locks for writing whatever gfn and order are (docs/xen.md#gfn-lock)',
  },
  confidence: 'proven',
  needs: ['lookup', 'put_gfn'],
  doc: `Between a lookup with the lock and its put_gfn a pcpu has exclusive access to the range [gfn, gfn + 2^order), and
two pcpus had ranges of one p2m with a frame in common at once: both may change it (mail 2: "The key is to obtain
exclusive access to a p2m entry, or range [gfn, gfn + 1<<order)"). Ranges under a read lock alone may overlap.`,
  mechanism: `Xen locks the whole p2m whatever gfn and order say (gfn_lock, X§2.1), which makes this impossible; a
hypervisor with locks for ranges has to get it right, also for a range that begins inside another one's superpage.`,
  confirm: 'select * from lookups where seq in ($held, $got)',
  fix: 'Lock by the larger of the two granularities, or all locks that the range touches, in ascending order.',
  limits: `The order of a Xen lookup is that of the entry found, so a range is larger than one frame only where its put_gfn
has an order.`,
  sql: breachSql('gfn-range.overlap', {
    subject: ['domid', 'view', 'gfn', 'pcpu'],
    signature: ['view'],
  }),
};
