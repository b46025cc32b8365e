import type { Rule } from '../../define-analyzer.js';

export const level: Rule = {
  id: 'lock-order.level',
  title: "Xen's own mm lock order is violated",
  severity: 'error',
  confidence: 'proven',
  needs: ['lock_acquire'],
  doc: `A lock was taken whose level is below the pcpu's mm_lock_level: Xen prints "mm locking order violation" and stops
(X§2.2, xen/arch/x86/mm/mm-locks.h). Equal levels are legal, read locks are checked but raise nothing, a write lock
that the pcpu holds already is not checked, control-domain locks are biased by 64.`,
  sql: `
  select
    ca.name as subject_lock_class, la.address as subject_lock, s.level as subject_level,
    cb.name as subject_held_class, lb.address as subject_held_lock, s.level_before as subject_held_level,
    s.pcpu as subject_pcpu,
    b.from_seq as at_held, s.from_seq as at_acquired,
    coalesce(cb.name::varchar, '?') || '(' || coalesce(sb.symbol::varchar, '?') || ')' as sig_held,
    coalesce(ca.name::varchar, '?') || '(' || coalesce(sa.symbol::varchar, '?') || ')' as sig_acquired
  from lock_spans s
  left join lock_spans b on b.id = s.blocker
  left join lock_classes ca on ca.id = s.lock_class
  left join lock_classes cb on cb.id = b.lock_class
  left join locks la on la.id = s.lock
  left join locks lb on lb.id = b.lock
  left join callers sa on sa.id = s.from_caller
  left join callers sb on sb.id = b.from_caller
  where s.violation
  order by s.from_seq`,
};
