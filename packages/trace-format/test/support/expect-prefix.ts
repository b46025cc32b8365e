import { isDeepStrictEqual } from 'node:util';
import { expect } from 'vitest';
import type { FullRow } from './rows.js';

/** Rows that were read must be right: from the first on, and of whole batches. */
export function expectPrefix(rows: FullRow[], expected: readonly FullRow[], batchRows: number): void {
  // Compared by node first: a difference is to be shown, not to be looked for a hundred thousand times.
  const right = expected.slice(0, rows.length);
  if (!isDeepStrictEqual(rows, right)) expect(rows).toEqual(right);
  if (rows.length % batchRows !== 0) expect(rows).toHaveLength(expected.length);
}
