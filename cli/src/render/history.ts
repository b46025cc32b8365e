import type { HistoryRow } from '@p2mtrace/replayer';
import type { Terminal } from '../terminal.js';
import { doerText } from './doer.js';
import { fieldsText } from './fields.js';
import { type RowFormat, writeRows } from './rows.js';

const COLUMNS = [
  { name: 'from_seq', right: true },
  { name: 'to_seq', right: true },
  { name: 'what' },
  { name: 'details' },
  { name: 'by' },
  { name: 'ended_by' },
];

/** Rows of a history: objects inside rows for JSON, text otherwise. @throws ClosedPipe */
export function writeHistory(out: Terminal, format: RowFormat, rows: Iterable<HistoryRow>): Promise<void> {
  const isJson = format === 'json' || format === 'ndjson';
  const cells = function* () {
    for (const row of rows) yield isJson ? jsonCells(row) : textCells(row, format === 'table');
  };
  return writeRows(out, format, COLUMNS, cells());
}

function jsonCells({ from, to, what, details, by, ended_by }: HistoryRow): unknown[] {
  return [from, to, what, details, by, ended_by];
}

/** In a table, a row says if it began before the trace, or has not ended. */
function textCells({ from, to, what, details, by, ended_by }: HistoryRow, isTable: boolean): unknown[] {
  const [before, lasting] = isTable ? ['before', 'lasts'] : [null, null];
  return [from ?? before, to ?? lasting, what, fieldsText(details), by && doerText(by), ended_by && doerText(ended_by)];
}
