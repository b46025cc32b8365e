import type { BreachColumns } from '../breach-sql.js';

/** What the rules about a lock inside another one show. */
export const NESTING: BreachColumns = {
  subject: ['lock_class', 'lock', 'level', 'held_class', 'held_lock', 'held_level', 'pcpu'],
  signature: ['held_class', 'held_site', 'lock_class', 'site'],
};
