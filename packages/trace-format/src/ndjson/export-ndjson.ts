import { P2mError } from '../errors.js';
import { BatchMemory } from '../read/read-batch.js';
import type { TraceReader } from '../read/reader.js';
import { COLUMN_NAMES } from '../schema/columns.js';
import { EventEncoder } from './encode-event.js';
import { encodeHeader } from './encode-header.js';

export interface NdjsonExportOptions {
  /** seq of the first event; the trace's first where not given. */
  readonly from?: number | undefined;
  /** seq behind the last event; the trace's end where not given. */
  readonly to?: number | undefined;
}

/** Text that is handed on at once. */
const CHUNK = 1 << 16;

/**
 * Writes a trace as NDJSON, the header first, then a line an event, in chunks of whole lines as `write` takes them.
 * Importing the text of a whole trace gives the trace again, in every column of every row.
 * @throws P2mError P2M_DAMAGED where a batch is; what was written before is right
 */
export async function exportNdjson(
  reader: TraceReader,
  write: (text: string) => void | Promise<void>,
  options: NdjsonExportOptions = {},
): Promise<void> {
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = options;
  const memory = new BatchMemory();
  let text = `${encodeHeader(reader.metadata)}\n`;
  for (const info of reader.batches) {
    const first = Math.max(0, from - info.firstSeq);
    const end = Math.min(info.rows, to - info.firstSeq);
    if (first >= end) continue;
    const encoder = new EventEncoder(reader.read(info, COLUMN_NAMES, memory), reader.names);
    for (let row = first; row < end; row++) {
      text += `${encode(encoder, row, info.firstSeq, reader.path)}\n`;
      if (text.length < CHUNK) continue;
      await write(text);
      text = '';
    }
  }
  if (text !== '') await write(text);
}

function encode(encoder: EventEncoder, row: number, firstSeq: number, file: string): string {
  try {
    return encoder.encode(row);
  } catch (error) {
    if (!(error instanceof P2mError)) throw error;
    throw new P2mError(error.code, `event ${firstSeq + row} can't be written: ${error.message}`, {
      place: { ...error.place, file },
      remedy: 'the trace was written by another tool; p2mtrace validate tells more',
    });
  }
}
