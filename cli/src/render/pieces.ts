import type { Piece } from '@p2mtrace/replayer';
import type { Terminal } from '../terminal.js';
import { type RowFormat, writeRows } from './rows.js';

const COLUMNS = [
  { name: 'piece' },
  { name: 'from_seq', right: true },
  { name: 'to_seq', right: true },
  { name: 'events', right: true },
  { name: 'snapshots', right: true },
];

/** A row for each piece written, with the first and the last event of its range, null for none. @throws ClosedPipe */
export function writePieces(out: Terminal, format: RowFormat, pieces: readonly Piece[]): Promise<void> {
  const rows = pieces.map(({ path, range: { from, to }, events, snapshots }) =>
    from < to ? [path, from, to - 1, events, snapshots] : [path, null, null, events, snapshots],
  );
  return writeRows(out, format, COLUMNS, rows);
}

const OF_DOMAINS =
  "what they tell of their domains' p2m, views, PoD, paging, foreign mappings and pages is what the whole tells";
const OF_PCPUS =
  'what they tell of their pcpus (locks held, vcpu, translations) is what the whole tells; of all else, what no event left out touches';
const OF_BOTH = 'they tell what the whole tells where no event that was left out touches it';

/** Reports what pieces lack, and what can be relied on nevertheless; silent if they lack nothing. */
export function sayLeftOut(err: Terminal, pieces: readonly Piece[], by: { domains: boolean; pcpus: boolean }): void {
  const kinds = [...new Set(pieces.flatMap(({ incomplete }) => incomplete))];
  if (kinds.length === 0) return;
  err.say(`p2mtrace: events were left out of these kinds: ${kinds.join(', ')}\n`);
  const promise = by.domains && by.pcpus ? OF_BOTH : by.domains ? OF_DOMAINS : OF_PCPUS;
  err.say(`  ${promise}\n`);
}
