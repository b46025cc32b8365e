import { usageError } from '@p2mtrace/trace-format';

/** Events from `from` to `to`, both included. */
export interface EventRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export const isWholeTrace = ({ from, to }: EventRange): boolean => from === undefined && to === undefined;

/** @throws P2mError P2M_RANGE (usage) */
export function checkRange({ from, to }: EventRange): void {
  if (from !== undefined && to !== undefined && from > to) {
    throw usageError('P2M_RANGE', `--from ${from} is behind --to ${to}`, 'both events are included');
  }
}

/** A condition on `column`, or nothing. */
export function whereRange({ from, to }: EventRange, column = 'seq'): string {
  const parts = [from === undefined ? '' : `${column} >= ${from}`, to === undefined ? '' : `${column} <= ${to}`];
  const conditions = parts.filter(part => part !== '').join(' and ');
  return conditions === '' ? '' : `where ${conditions}`;
}
