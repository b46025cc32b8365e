import { breachSql } from '../breach-sql.js';
import type { Rule } from '../define-analyzer.js';

export const upgrade: Rule = {
  id: 'lock-order.upgrade',
  title: 'a reader wants the lock for writing',
  severity: 'error',
  belief: {
    basis: 'documented',
    source: 'get_gfn() takes the lock for writing to avoid it (docs/xen.md#get-gfn)',
  },
  confidence: 'proven',
  needs: ['lock_wait|lock_acquire'],
  refutedBy: ['lock_release'],
  doc: `A pcpu that holds a lock for reading waits for it, or takes it, for writing. A writer waits until all readers
are gone, and this one is among them; two that do so at once wait for each other for ever. "get_entry -> set_entry.
How do we do that in an MSRW, atomically?" (docs/xen.md#thread-xenpaging-locks). Proven if another pcpu holds it for
reading too, possible if this one was alone.`,
  fires: 'lock_wait or lock_acquire for writing, by a pcpu that holds the lock for reading.',
  nearMiss: 'The read lock is released first.',
  mechanism: `The p2m lock has been a reader-writer lock since 4.2 (docs/xen.md#lock-history). That is why get_gfn()
takes it for writing: the caller may set what it looks up. Only p2m_get_page_from_gfn() takes it for reading, and it
drops it before its slow path (docs/xen.md#safe-lookup).`,
  confirm: `select s.*, c.symbol from lock_spans s join locks l on l.id = s.lock left join callers c on c.id = s.from_caller
where l.address = $lock and s.from_seq <= $wanted and (s.to_seq is null or s.to_seq > $wanted)`,
  fix: 'Release the read lock, take the write lock, and look again; or take the write lock from the start.',
  limits: 'Readers from before the trace are not seen, so a case reported as possible may have been a real one.',
  sql: breachSql('lock-order.upgrade', {
    subject: ['lock', 'lock_class', 'pcpu'],
    signature: ['lock_class', 'site'],
  }),
};
