import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const longHold: Rule = {
  id: 'lock-order.long-hold',
  title: 'a lock was held for long',
  severity: 'note',
  belief: {
    basis: 'customary',
    source: 'a time slice of the credit scheduler; nothing promises it',
  },
  confidence: 'proven',
  needs: ['lock_acquire', 'lock_release'],
  doc: `A lock was held for more than 30 ms, a time slice of the credit scheduler, while others spin on it (XSA-246, XSA-410): a note, as a hypervisor that runs
in a machine of its own is not always running, and how long is too long is for whoever runs it to say.`,
  mechanism: `Work on a range whose length a guest chooses, in one section: teardown of a whole p2m (XSA-410), retries
without an end (XSA-246), a change of types or a PoD sweep over everything.`,
  confirm: `select s.*, to_tsc - from_tsc as ticks from lock_spans s where from_seq = $acquired`,
  fix: 'Work in pieces: drop the lock between them, and come back by a continuation where the caller is a hypercall.',
  limits: `It needs TSCs and their frequency (import --cpu-hz). Interrupts, and a host under the hypervisor, count as held.`,
  sql: breachSql('lock-order.long-hold', {
    subject: ['lock', 'lock_class', 'pcpu', 'count as ticks'],
    signature: ['lock_class', 'site'],
  }),
};
