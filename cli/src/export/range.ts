import { parsePosition, resolvePosition } from '@p2mtrace/replayer';
import { type TraceReader, usageError } from '@p2mtrace/trace-format';

/** Events from `from` to `to`, both included. */
export interface EventRange {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export const isWholeTrace = ({ from, to }: EventRange): boolean => from === undefined && to === undefined;

/** Options that choose a range by its ends. */
export interface RangeOptions {
  readonly from?: string;
  readonly to?: string;
  readonly cpuHz?: number | undefined;
  readonly startTime?: bigint | undefined;
}

/** Checks the ends, before the trace is opened. @throws P2mError P2M_POSITION, P2M_RANGE (usage) */
export function checkRange({ from, to }: RangeOptions): void {
  const [first, last] = [from ?? 'start', to ?? 'end'].map(parsePosition);
  if (first.at === 'seq' && last.at === 'seq' && first.seq > last.seq) throw behind(from, to);
}

/**
 * The events between two positions. A seq may be one that the trace does not have.
 * @throws P2mError P2M_POSITION, P2M_RANGE, P2M_NO_CLOCK, P2M_NO_TSC (usage), P2M_DAMAGED
 */
export function rangeOf(reader: TraceReader, { from, to, cpuHz, startTime }: RangeOptions): EventRange {
  const resolved = (text: string | undefined, before: number) => {
    if (text === undefined) return undefined;
    const position = parsePosition(text);
    return position.at === 'seq' ? position.seq : resolvePosition(reader, position, cpuHz, startTime) - before;
  };
  const range = { from: resolved(from, 0), to: resolved(to, 1) };
  if (range.from !== undefined && range.to !== undefined && range.from > range.to + 1) throw behind(from, to);
  return range;
}

const behind = (from: string | undefined, to: string | undefined) =>
  usageError('P2M_RANGE', `--from ${from} is behind --to ${to}`, 'both events are included');

/** A condition on `column`, or nothing. */
export function whereRange({ from, to }: EventRange, column = 'seq'): string {
  const parts = [from === undefined ? '' : `${column} >= ${from}`, to === undefined ? '' : `${column} <= ${to}`];
  const conditions = parts.filter(part => part !== '').join(' and ');
  return conditions === '' ? '' : `where ${conditions}`;
}
