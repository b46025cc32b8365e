import type { Occurrence } from '../findings/finding.js';

/**
 * A rule's `confirm` for one occurrence: `$X` becomes the subject X or the seq of the witness X as an SQL literal, null
 * if the occurrence has neither.
 */
export function confirmQuery(sql: string, { subject, witness }: Occurrence): string {
  return sql.replace(/\$(\w+)/g, (_, name: string) => {
    const value = subject[name] ?? witness.find(({ role }) => role === name)?.seq ?? null;
    if (typeof value === 'number' || value === null) return String(value);
    return FRAME.test(value) ? value : `'${value.replaceAll("'", "''")}'`;
  });
}

/** A frame; addresses are longer, and are names in SQL. */
const FRAME = /^0x[0-9a-f]{1,13}$/;
