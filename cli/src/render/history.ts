import type { HistoryRow } from '@p2mtrace/replayer';
import type { Terminal } from '../terminal.js';
import { secondsText } from './clock.js';
import { doerText } from './doer.js';
import { fieldsText } from './fields.js';
import { type RowFormat, writeRows } from './rows.js';

const SEQS = [
  { name: 'from_seq', right: true },
  { name: 'to_seq', right: true },
];
const SECONDS = [
  { name: 'from_s', right: true },
  { name: 'to_s', right: true },
];
const COLUMNS = [{ name: 'what' }, { name: 'details' }, { name: 'by' }, { name: 'ended_by' }];

/**
 * Rows of a history: objects inside rows for JSON, text otherwise. `secondsOf` tells the seconds of events, by seq; without
 * it there are none. @throws ClosedPipe
 */
export function writeHistory(
  out: Terminal,
  format: RowFormat,
  rows: Iterable<HistoryRow>,
  secondsOf?: ReadonlyMap<number, number>,
): Promise<void> {
  const isJson = format === 'json' || format === 'ndjson';
  const timed = secondsOf !== undefined && secondsOf.size > 0;
  const seconds = (seq: number | null) => {
    const at = seq === null ? undefined : secondsOf?.get(seq);
    return at === undefined ? null : isJson ? at : secondsText(at);
  };
  const cells = function* () {
    for (const row of rows) {
      const [from, to, ...more] = isJson ? jsonCells(row) : textCells(row, format === 'table');
      yield timed ? [from, to, seconds(row.from), seconds(row.to), ...more] : [from, to, ...more];
    }
  };
  return writeRows(out, format, timed ? [...SEQS, ...SECONDS, ...COLUMNS] : [...SEQS, ...COLUMNS], cells());
}

function jsonCells({ from, to, what, details, by, ended_by }: HistoryRow): unknown[] {
  return [from, to, what, details, by, ended_by];
}

/** In a table, a row says if it began before the trace, or has not ended. */
function textCells({ from, to, what, details, by, ended_by }: HistoryRow, isTable: boolean): unknown[] {
  const [before, lasting] = isTable ? ['before', 'lasts'] : [null, null];
  return [from ?? before, to ?? lasting, what, fieldsText(details), by && doerText(by), ended_by && doerText(ended_by)];
}
