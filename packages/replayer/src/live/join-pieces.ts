import { BATCH_ROWS, BatchMemory, COPIED_COLUMNS, type PieceOrigin, TraceReader } from '@p2mtrace/trace-format';
import { PieceWriter } from '../pieces/piece-writer.js';

/**
 * Makes one trace of pieces of a stream that follow one another: the state at the start of the first, then all events.
 * Returns where it comes from. @throws P2mError P2M_WRITE (usage), P2M_DAMAGED
 */
export function joinPieces(paths: readonly string[], output: string): PieceOrigin {
  const readers: TraceReader[] = [];
  let writer: PieceWriter | undefined;
  try {
    for (const path of paths) readers.push(TraceReader.open(path));
    const [first, last] = [readers[0], readers[readers.length - 1]];
    const origins = readers.map(({ metadata }) => metadata.piece as PieceOrigin);
    // The last one knows most of the recording, and all names.
    const piece = { ...origins[origins.length - 1], fromSeq: origins[0].fromSeq, snapshots: origins[0].snapshots };
    const { counts: _own, ...metadata } = { ...last.metadata, piece };
    writer = new PieceWriter(last, output, metadata, BATCH_ROWS, { compression: first.compression });
    const memory = new BatchMemory();
    for (const [i, reader] of readers.entries()) {
      const begin = i === 0 ? 0 : origins[i].snapshots;
      for (const info of reader.batches) {
        const from = Math.max(0, begin - info.firstSeq);
        if (from < info.rows) writer.append(reader.read(info, COPIED_COLUMNS, memory), from, info.rows);
      }
    }
    writer.finish(metadata);
    return piece;
  } catch (error) {
    writer?.abort();
    throw error;
  } finally {
    for (const reader of readers) reader.close();
  }
}
