import {
  BatchBlock,
  COLUMN_NAMES,
  DICTIONARIES,
  type DictionaryName,
  PRESENT,
  type ReadBatch,
} from '@p2mtrace/trace-format';
import { fillRow } from '../../../trace-format/test/support/rows.js';
import type { Names, STATE_COLUMNS } from '../../src/index.js';
import { rowOf, type TraceEvent } from './event.js';

/** Events as one batch in memory, and the names behind its indices: what a reader gives, without a file. */
export function batchOf(events: readonly TraceEvent[]): {
  batch: ReadBatch<(typeof STATE_COLUMNS)[number]>;
  names: Names;
} {
  const names = Object.fromEntries(
    Object.entries(DICTIONARIES).map(([name, dictionary]) => [name, [...dictionary.names]]),
  ) as Record<DictionaryName, string[]>;
  const [batch] = new BatchBlock(Math.max(1, events.length), 1).batches;
  events.forEach((event, row) => {
    fillRow(batch, row, rowOf(event), (dictionary, name) => {
      const known = names[dictionary];
      if (!known.includes(name)) known.push(name);
      return known.indexOf(name);
    });
    batch.rows++;
  });
  batch.fillBitmaps();
  const validity = Object.fromEntries(
    COLUMN_NAMES.filter(name => PRESENT[name] !== undefined).map(name => [name, batch.bitmap(name)]),
  ) as ReadBatch<(typeof STATE_COLUMNS)[number]>['validity'];
  return {
    batch: { rows: batch.rows, firstSeq: 0, columns: batch.columns, validity, rawOffsets: new Int32Array(0) },
    names: names as Names,
  };
}
