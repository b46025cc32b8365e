import { FLAG } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { hasFailed } from '../batch/row-values.js';

/** The set_entry took place: it did not fail, and is not only what somebody tried. */
export function tookPlace(batch: ReplayBatch, row: number): boolean {
  return (batch.columns.flags[row] & FLAG.attempt) === 0 && !hasFailed(batch, row);
}
