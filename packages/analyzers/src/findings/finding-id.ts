import { createHash } from 'node:crypto';

/** Eight hex digits that stand for a signature: as short as people want to type, and the same in every recording. */
export function findingId(signature: string): string {
  return createHash('sha256').update(signature).digest('hex').slice(0, 8);
}
