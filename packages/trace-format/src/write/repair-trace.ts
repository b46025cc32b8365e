import { P2mError } from '../errors.js';
import { BATCH_ROWS } from '../kernel/event-batch.js';
import { BatchMemory } from '../read/batch-memory.js';
import { COPIED_COLUMNS } from '../read/copy-rows.js';
import { asDamage, type Damage } from '../read/read-contents.js';
import type { TraceReader } from '../read/reader.js';
import { yieldTurn } from '../yield-turn.js';
import { copyBatch } from './copy-trace.js';
import { namesBeyondInitial } from './names-beyond-initial.js';
import { TraceWriter } from './writer.js';

export interface Repair {
  /** Events in the new trace: those before the damage. */
  readonly events: number;
  /** Events behind it that the damaged trace still knew of; undefined if it has lost its own count. */
  readonly gone: number | undefined;
  /** What was wrong; undefined if nothing was. */
  readonly damage: Damage | undefined;
}

/**
 * Writes a whole trace with all events before the first damage, every column of which fits its checksum. Its metadata
 * say that it is not all. @throws P2mError P2M_WRITE
 */
export async function repairTrace(
  reader: TraceReader,
  output: string,
  onProgress: (events: number) => void = () => {},
): Promise<Repair> {
  const writer = new TraceWriter(output, reader.metadata, BATCH_ROWS, undefined, { compression: reader.compression });
  const memory = new BatchMemory();
  let damage = reader.damage;
  let events = 0;
  try {
    writer.submit(writer.acquire(), namesBeyondInitial(reader));
    for (const info of reader.batches) {
      const found = readable(() => reader.read(info, COPIED_COLUMNS, memory), info.body);
      if ('code' in found) {
        damage = found;
        break;
      }
      copyBatch(found, writer);
      events += info.rows;
      onProgress(events);
      await yieldTurn(undefined);
    }
    const { metadata } = reader;
    const known = reader.rows - events;
    const note = `repaired: ends at damage of ${reader.path.split('/').at(-1)} (${damage?.what}), more events followed`;
    writer.finish(damage === undefined ? metadata : { ...metadata, assumed: [...metadata.assumed, note] });
    return { events, gone: reader.damage === undefined ? known : undefined, damage };
  } catch (error) {
    writer.abort();
    throw error;
  }
}

function readable<T extends object>(read: () => T, byte: number): T | Damage {
  try {
    return read();
  } catch (error) {
    if (error instanceof P2mError) return asDamage(error, byte);
    throw error;
  }
}
