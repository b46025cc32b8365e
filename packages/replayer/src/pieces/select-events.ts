import { BATCH_ROWS, BatchMemory, COPIED_COLUMNS, type TraceMetadata, type TraceReader } from '@p2mtrace/trace-format';
import type { OutputOptions } from '@p2mtrace/trace-format/output';
import { PieceWriter } from './piece-writer.js';

/**
 * Writes selected events of a trace as a trace of their own, unchanged in every column but `seq`: those whose `keep`,
 * by position in the trace, is 1. Nothing is put before them.
 * @throws P2mError P2M_WRITE (usage), P2M_SCHEMA, P2M_DAMAGED; then there is no file
 */
export function selectEvents(
  reader: TraceReader,
  path: string,
  keep: Uint8Array,
  metadata: TraceMetadata,
  options: OutputOptions = {},
): void {
  // Memory for as many rows as there are: often a handful out of many, and again and again.
  const rows = keep.reduce((sum, one) => sum + one, 0);
  const writer = new PieceWriter(reader, path, metadata, Math.max(1, Math.min(BATCH_ROWS, rows)), options);
  try {
    const memory = new BatchMemory();
    let place = 0;
    for (const info of reader.batches) {
      const chosen = keep.subarray(place, place + info.rows);
      place += info.rows;
      if (chosen.indexOf(1) < 0) continue;
      const rows = Uint32Array.from(chosen.keys()).filter(row => chosen[row] === 1);
      writer.appendSelected(reader.read(info, COPIED_COLUMNS, memory), rows);
    }
    writer.finish(metadata);
  } catch (error) {
    writer.abort();
    throw error;
  }
}
