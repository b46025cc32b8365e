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
  doc: `A lock was held for more than 30 ms, a time slice of the credit scheduler, while others may spin on it
(XSA-246, XSA-410). It is a note: a hypervisor that runs inside a virtual machine does not run all the time, and how
long is too long is for the administrator to say.`,
  fires: `More than 30 ms between lock_acquire and lock_release; of a lock that was taken several times, the outermost
hold counts.`,
  nearMiss: 'The lock is held for 1 ms.',
  mechanism: `One section works on a range whose length a guest chooses: the teardown of a whole p2m (XSA-410),
retries without end (XSA-246), a change of types or a PoD sweep over everything.`,
  confirm: `select s.*, to_tsc - from_tsc as ticks from lock_spans s where from_seq = $acquired`,
  fix: 'Work in pieces: drop the lock between them, and use a continuation if the caller is a hypercall.',
  limits: `It needs TSCs and their frequency (import --cpu-hz). Time in interrupts, or taken by a host below the
hypervisor, counts as held.`,
  sql: breachSql('lock-order.long-hold', {
    subject: ['lock', 'lock_class', 'pcpu', 'count as ticks'],
    signature: ['lock_class', 'site'],
  }),
};
