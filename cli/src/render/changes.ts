import type { ChangeSummary, StateChange } from '@p2mtrace/replayer';
import type { Terminal } from '../terminal.js';
import { count } from './cell.js';
import type { Column } from './columns.js';
import { fieldsText, withHexFrames } from './fields.js';
import { type RowFormat, writeRows } from './rows.js';

const SUBJECT: readonly Column[] = [{ name: 'table' }, { name: 'subject' }];
const NUMBERS: readonly Column[] = [
  { name: 'frames', right: true },
  { name: 'changes', right: true },
];
const VALUES: readonly Column[] = [
  { name: 'before', style: 'red' },
  { name: 'after', style: 'green' },
];

/** What differs between two states. @throws ClosedPipe */
export function writeChanges(out: Terminal, format: RowFormat, changes: Iterable<StateChange>): Promise<void> {
  const cells = function* () {
    for (const change of changes) yield cellsOf(change, [change.frames], format);
  };
  return writeRows(out, format, [...SUBJECT, NUMBERS[0], ...VALUES], cells());
}

/** The same in numbers. @throws ClosedPipe */
export function writeSummary(out: Terminal, format: RowFormat, sums: Iterable<ChangeSummary>): Promise<void> {
  const cells = function* () {
    for (const sum of sums) yield cellsOf(sum, [sum.frames, sum.changes], format);
  };
  return writeRows(out, format, [...SUBJECT, ...NUMBERS, ...VALUES], cells());
}

type Change = Pick<StateChange, 'table' | 'subject' | 'before' | 'after'>;

/** Objects inside rows for JSON, text otherwise. */
function cellsOf(change: Change, numbers: readonly (number | null)[], format: RowFormat): unknown[] {
  const { table, subject, before, after } = change;
  if (format === 'json' || format === 'ndjson') {
    return [table, withHexFrames(subject), ...numbers, withHexFrames(before), withHexFrames(after)];
  }
  const isTable = format === 'table';
  const nothing = isTable ? (table === 'locks' ? 'not held' : 'unknown') : null;
  const values = [before, after].map(value => (value === null ? nothing : fieldsText(value, 'none')));
  const shown = numbers.map(value => (isTable && value !== null ? count(value) : value));
  return [table, fieldsText(subject), ...shown, ...values];
}
