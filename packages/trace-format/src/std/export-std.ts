import { BatchMemory } from '../read/batch-memory.js';
import { isValid, type ReadBatch } from '../read/read-batch.js';
import type { TraceReader } from '../read/reader.js';
import { FLAG } from '../schema/flags.js';
import { KIND } from '../schema/kinds.js';
import { getU53 } from '../u64.js';
import { FIRST_BEGIN, FIRST_END, FIRST_VARIABLE, MOST_THREADS } from './std-numbers.js';

const COLUMNS = ['kind', 'pcpu', 'lock', 'lock_class', 'mfn', 'flags', 'symbol'] as const;
type Batch = ReadBatch<(typeof COLUMNS)[number]>;

const CHUNK = 1 << 16;
const OPERATIONS = new Map([
  [KIND.lock_acquire, 'acq'],
  [KIND.lock_release, 'rel'],
  [KIND.lock_wait, 'req'],
]);

export interface StdExportOptions {
  /** seq of the first event; by default the trace's first. */
  readonly from?: number | undefined;
  /** seq after the last event; by default the end of the trace. */
  readonly to?: number | undefined;
  /** Called from time to time with the number of events of the trace that are behind. */
  readonly onProgress?: ((events: number) => void) | undefined;
}

/**
 * Writes what a trace has of locks, and of frames that are read and written, in the std format: pcpus are threads,
 * locks go by their class where no other lock has that class, else by address. Everything else is left out, and with it
 * what it orders. Importing that gives the same order again.
 * @throws P2mError P2M_DAMAGED
 */
export async function exportStd(
  reader: TraceReader,
  write: (text: string) => void | Promise<void>,
  { from = 0, to = Number.MAX_SAFE_INTEGER, onProgress }: StdExportOptions = {},
): Promise<void> {
  const memory = new BatchMemory();
  const writer = new StdWriter(reader);
  let text = '';
  for (const info of reader.batches) {
    const first = Math.max(0, from - info.firstSeq);
    const end = Math.min(info.rows, to - info.firstSeq);
    if (first >= end) continue;
    const batch = reader.read(info, COLUMNS, memory);
    for (let row = first; row < end; row++) {
      text += writer.lineOf(batch, row);
      if (text.length < CHUNK) continue;
      await write(text);
      text = '';
      onProgress?.(info.firstSeq + row);
    }
  }
  if (text !== '') await write(text);
}

class StdWriter {
  private readonly names: TraceReader['names'];
  /** By lock: its name. */
  private readonly locks = new Map<number, string>();
  private readonly taken = new Set<string>();

  constructor({ names }: TraceReader) {
    this.names = names;
  }

  /** The line of an event, with its end; empty for what the format has no line for. */
  lineOf(batch: Batch, row: number): string {
    const { columns: c, validity: v } = batch;
    if (!isValid(v.pcpu, row) || (c.flags[row] & FLAG.failed) !== 0) return '';
    const place = isValid(v.symbol, row) ? plain(this.names.symbol[c.symbol[row]]) : '0';
    const line = (text: string) => `T${c.pcpu[row]}|${text}|${place}\n`;
    const operation = OPERATIONS.get(c.kind[row]);
    if (operation !== undefined && isValid(v.lock, row)) return line(`${operation}(${this.lockOf(batch, row)})`);
    if (c.kind[row] !== KIND.page_use || !isValid(v.mfn, row)) return '';
    const mfn = getU53(c.mfn, row);
    const reads = (c.flags[row] & FLAG.read) !== 0;
    const writes = (c.flags[row] & FLAG.write) !== 0;
    if (mfn >= FIRST_BEGIN && mfn < FIRST_BEGIN + MOST_THREADS)
      return writes ? line(`fork(T${mfn - FIRST_BEGIN})`) : '';
    if (mfn >= FIRST_END && mfn < FIRST_END + MOST_THREADS) return reads ? line(`join(T${mfn - FIRST_END})`) : '';
    const variable = mfn >= FIRST_VARIABLE ? `V${mfn - FIRST_VARIABLE}` : `F${mfn}`;
    return (reads ? line(`r(${variable})`) : '') + (writes ? line(`w(${variable})`) : '');
  }

  private lockOf({ columns: c, validity: v }: Batch, row: number): string {
    const lock = c.lock[row];
    let name = this.locks.get(lock);
    if (name === undefined) {
      const address = this.names.lock[lock];
      const ofClass = isValid(v.lock_class, row) ? plain(this.names.lock_class[c.lock_class[row]]) : address;
      name = this.taken.has(ofClass) ? `${ofClass}@${address}` : ofClass;
      this.locks.set(lock, name);
      this.taken.add(name);
    }
    return name;
  }
}

/** What the format's separators would cut. */
const plain = (name: string): string => name.replace(/[|()\s]/g, '_');
