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
  doc: `Between a lookup with the lock and its put_gfn a pcpu has exclusive access to the range [gfn, gfn + 2^order).
Two pcpus held ranges of one p2m with a frame in common, so both may change it: "The key is to obtain exclusive access
to a p2m entry, or range [gfn, gfn + 1<<order)" (docs/xen.md#thread-xenpaging-locks). Ranges that are only locked for
reading may overlap.`,
  fires: 'Two pcpus hold, at the same time, ranges of one p2m that have a frame in common.',
  nearMiss: 'The second range begins where the first ends; or both pcpus hold only read locks.',
  mechanism: `Xen locks the whole p2m, whatever gfn and order say (docs/xen.md#gfn-lock), which rules this out. A
hypervisor that locks ranges has to get it right, also for a range that begins inside another one's superpage.`,
  confirm: 'select * from lookups where seq in ($held, $got)',
  fix: 'Lock by the larger of the two granularities, or take all locks that the range touches, in ascending order.',
  limits: `The order of a Xen lookup is that of the entry it found, so a range is larger than one frame only if its
put_gfn has an order.`,
  sql: breachSql('gfn-range.overlap', {
    subject: ['domid', 'view', 'gfn', 'pcpu'],
    signature: ['view'],
  }),
};
