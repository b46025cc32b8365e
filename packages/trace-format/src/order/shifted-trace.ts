import { BATCH_ROWS } from '../kernel/event-batch.js';
import { COPIED_COLUMNS, type CopiedBatch, copySelectedRows } from '../read/copy-rows.js';
import { isValid } from '../read/read-batch.js';
import type { TraceReader } from '../read/reader.js';
import type { TraceMetadata } from '../schema/metadata.js';
import { getU53, setU53 } from '../u64.js';
import { namesBeyondInitial } from '../write/names-beyond-initial.js';
import { TraceWriter } from '../write/writer.js';

/** Batches that are kept in memory: the rows of different pcpus that meet lie near to each other. */
const KEPT_BATCHES = 16;

/** The rows of one pcpu, one after the other. */
interface Cursor {
  readonly pcpu: number;
  readonly offset: number;
  index: number;
  row: number;
  batch: CopiedBatch | undefined;
  /** Corrected TSC; a row whose TSC goes back stays behind its predecessor. */
  tsc: number;
}

/**
 * Writes the trace anew in place of itself, with `offsets` (by pcpu) added to TSCs and the rows in their order.
 * Which pcpus there are, the metadata's health tells.
 * @throws P2mError P2M_DAMAGED, P2M_WRITE
 */
export function shiftClocks(reader: TraceReader, offsets: ReadonlyMap<number, number>, metadata: TraceMetadata): void {
  const writer = new TraceWriter(reader.path, metadata, BATCH_ROWS, undefined, { compression: reader.compression });
  try {
    new Shift(reader, offsets, writer, metadata).write();
    writer.finish(metadata);
  } catch (error) {
    writer.abort();
    throw error;
  }
}

class Shift {
  private readonly reader: TraceReader;
  private readonly writer: TraceWriter;
  private readonly cursors: Cursor[];
  private readonly kept = new Map<number, CopiedBatch>();
  private readonly run = new Uint32Array(BATCH_ROWS);

  constructor(
    reader: TraceReader,
    offsets: ReadonlyMap<number, number>,
    writer: TraceWriter,
    { health }: TraceMetadata,
  ) {
    this.reader = reader;
    this.writer = writer;
    this.cursors = (health?.pcpus ?? []).map(({ pcpu }) => {
      return { pcpu, offset: offsets.get(pcpu) ?? 0, index: 0, row: -1, batch: undefined, tsc: 0 };
    });
  }

  write(): void {
    const { writer, run } = this;
    let batch = writer.acquire();
    let names = namesBeyondInitial(this.reader);
    let live = this.cursors.filter(cursor => this.next(cursor));
    while (live.length > 0) {
      const cursor = live.reduce((best, other) => (comesBefore(other, best) ? other : best));
      const others = live.filter(other => other !== cursor);
      const limit = others.reduce((best: Cursor | undefined, other) => {
        return best === undefined || comesBefore(other, best) ? other : best;
      }, undefined);
      const source = cursor.batch as CopiedBatch;
      const first = batch.rows;
      let rows = 0;
      let more = true;
      do {
        run[rows++] = cursor.row;
        more = this.next(cursor);
      } while (
        more &&
        cursor.batch === source &&
        first + rows < batch.capacity &&
        (limit === undefined || comesBefore(cursor, limit))
      );
      copySelectedRows(source, run.subarray(0, rows), batch);
      for (let row = first; row < first + rows; row++) {
        if (cursor.offset !== 0) shift(batch.columns.tsc, row, cursor.offset);
      }
      if (!more) live = others;
      if (batch.rows < batch.capacity) continue;
      writer.submit(batch, names);
      names = {};
      batch = writer.acquire();
    }
    writer.submit(batch, names);
  }

  /** Moves on to the pcpu's next row; false where there is none. */
  private next(cursor: Cursor): boolean {
    const { batches } = this.reader;
    for (; cursor.index < batches.length; cursor.index++, cursor.row = -1) {
      const batch = this.read(cursor.index);
      cursor.batch = batch;
      const { pcpu, tsc } = batch.columns;
      for (let row = cursor.row + 1; row < batch.rows; row++) {
        if (pcpu[row] !== cursor.pcpu || !isValid(batch.validity.pcpu, row)) continue;
        cursor.row = row;
        if (isValid(batch.validity.tsc, row)) cursor.tsc = Math.max(cursor.tsc, getU53(tsc, row) + cursor.offset);
        return true;
      }
    }
    return false;
  }

  private read(index: number): CopiedBatch {
    let batch = this.kept.get(index);
    if (batch === undefined) {
      batch = this.reader.read(this.reader.batches[index], COPIED_COLUMNS);
      this.kept.set(index, batch);
      if (this.kept.size > KEPT_BATCHES)
        for (const oldest of [...this.kept.keys()].slice(0, 1)) this.kept.delete(oldest);
    }
    return batch;
  }
}

function comesBefore(a: Cursor, b: Cursor): boolean {
  return a.tsc < b.tsc || (a.tsc === b.tsc && a.pcpu < b.pcpu);
}

/** A row without a TSC has 0, and keeps it. */
function shift(tsc: Uint32Array, row: number, offset: number): void {
  const value = getU53(tsc, row);
  if (value !== 0) setU53(tsc, row, Math.max(value + offset, 0));
}
