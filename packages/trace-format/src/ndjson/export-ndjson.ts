import { P2mError } from '../errors.js';
import { BatchMemory } from '../read/batch-memory.js';
import type { TraceReader } from '../read/reader.js';
import { COLUMN_NAMES } from '../schema/columns.js';
import { EventEncoder } from './encode-event.js';
import { encodeHeader } from './encode-header.js';

export interface NdjsonExportOptions {
  /** seq of the first event; by default the trace's first. */
  readonly from?: number | undefined;
  /** seq after the last event; by default the end of the trace. */
  readonly to?: number | undefined;
  /** Called from time to time with the number of events of the trace that are behind. */
  readonly onProgress?: ((events: number) => void) | undefined;
}

/** Characters of text per call of `write`. */
const CHUNK = 1 << 16;

/**
 * Writes a trace as NDJSON: first the header, then one line per event, in chunks of complete lines as `write` takes
 * them. Importing the text of a whole trace gives the same trace, in every column of every row.
 * @throws P2mError P2M_DAMAGED at a damaged batch; what was written before it is right
 */
export async function exportNdjson(
  reader: TraceReader,
  write: (text: string) => void | Promise<void>,
  options: NdjsonExportOptions = {},
): Promise<void> {
  await write(`${encodeHeader(reader.metadata)}\n`);
  await exportLines(reader, write, (encoder, row) => encoder.encode(row), options);
}

/**
 * Writes a line of `lineOf` for each event, in chunks of complete lines as `write` takes them.
 * @throws P2mError P2M_DAMAGED at a damaged batch; what was written before it is right
 */
export async function exportLines(
  reader: TraceReader,
  write: (text: string) => void | Promise<void>,
  lineOf: (encoder: EventEncoder, row: number) => string,
  options: NdjsonExportOptions = {},
): Promise<void> {
  const { from = 0, to = Number.MAX_SAFE_INTEGER } = options;
  const memory = new BatchMemory();
  let text = '';
  for (const info of reader.batches) {
    const first = Math.max(0, from - info.firstSeq);
    const end = Math.min(info.rows, to - info.firstSeq);
    if (first >= end) continue;
    const encoder = new EventEncoder(reader.read(info, COLUMN_NAMES, memory), reader.names);
    for (let row = first; row < end; row++) {
      text += `${lineAt(lineOf, encoder, row, info.firstSeq, reader.path)}\n`;
      if (text.length < CHUNK) continue;
      await write(text);
      text = '';
      options.onProgress?.(info.firstSeq + row);
    }
  }
  if (text !== '') await write(text);
}

function lineAt(
  lineOf: (encoder: EventEncoder, row: number) => string,
  encoder: EventEncoder,
  row: number,
  firstSeq: number,
  file: string,
): string {
  try {
    return lineOf(encoder, row);
  } catch (error) {
    if (!(error instanceof P2mError)) throw error;
    throw new P2mError(error.code, `event ${firstSeq + row} can't be written: ${error.message}`, {
      place: { ...error.place, file },
      remedy: 'the trace was written by another tool; p2mtrace validate tells more',
    });
  }
}
