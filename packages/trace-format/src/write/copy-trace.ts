import type { Compression } from '../compress/codec.js';
import { BATCH_ROWS } from '../kernel/event-batch.js';
import { BatchMemory } from '../read/batch-memory.js';
import { COPIED_COLUMNS, type CopiedBatch, copyRows } from '../read/copy-rows.js';
import type { TraceReader } from '../read/reader.js';
import { yieldTurn } from '../yield-turn.js';
import { namesBeyondInitial } from './names-beyond-initial.js';
import { TraceWriter } from './writer.js';

/**
 * Writes a trace with the same events and metadata, compressed or, without a codec, not.
 * @throws P2mError P2M_WRITE, P2M_OUTPUT, P2M_DAMAGED, P2M_CODEC
 */
export async function copyTrace(
  reader: TraceReader,
  output: string,
  compression: Compression | undefined,
  onEvents: (events: number) => void = () => {},
): Promise<void> {
  const writer = new TraceWriter(output, reader.metadata, BATCH_ROWS, undefined, { compression });
  const memory = new BatchMemory();
  try {
    writer.submit(writer.acquire(), namesBeyondInitial(reader));
    for (const info of reader.batches) {
      copyBatch(reader.read(info, COPIED_COLUMNS, memory), writer);
      onEvents(info.firstSeq + info.rows);
      await yieldTurn(undefined);
    }
    writer.finish(reader.metadata);
  } catch (error) {
    writer.abort();
    throw error;
  }
}

/** Appends all rows of a batch. */
export function copyBatch(source: CopiedBatch, writer: TraceWriter): void {
  for (let from = 0; from < source.rows; ) {
    const batch = writer.acquire();
    const to = Math.min(source.rows, from + batch.capacity);
    copyRows(source, from, to, batch);
    writer.submit(batch, {});
    from = to;
  }
}
