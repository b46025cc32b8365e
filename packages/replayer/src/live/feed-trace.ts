import { BatchMemory, COPIED_COLUMNS, copyRows, namesBeyondInitial, type TraceReader } from '@p2mtrace/trace-format';
import type { LiveRows } from './live-rows.js';

/** Passes the events of a trace on as if they came from a stream; yields after each batch. @throws P2mError P2M_DAMAGED */
export function* feedTrace(reader: TraceReader, rows: LiveRows): Generator<number, void> {
  const memory = new BatchMemory();
  let names = namesBeyondInitial(reader);
  let page = rows.acquire();
  for (const info of reader.batches) {
    const batch = reader.read(info, COPIED_COLUMNS, memory);
    for (let from = 0; from < batch.rows; ) {
      const to = Math.min(batch.rows, from + page.capacity - page.rows);
      copyRows(batch, from, to, page);
      from = to;
      if (page.rows === page.capacity) {
        rows.submit(page, names);
        page = rows.acquire();
      } else rows.grow(page, names);
      names = {};
    }
    yield info.firstSeq + info.rows;
  }
}
