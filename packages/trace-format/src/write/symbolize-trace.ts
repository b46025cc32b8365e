import { BATCH_ROWS, type EventBatch } from '../kernel/event-batch.js';
import { BatchMemory } from '../read/batch-memory.js';
import { COPIED_COLUMNS, type CopiedBatch, copyRows } from '../read/copy-rows.js';
import { isValid } from '../read/read-batch.js';
import type { TraceReader } from '../read/reader.js';
import { PRESENT } from '../schema/columns.js';
import { yieldTurn } from '../yield-turn.js';
import { namesBeyondInitial } from './names-beyond-initial.js';
import { TraceWriter } from './writer.js';

/** What an address in the hypervisor is. */
export interface CallSite {
  /** The function. */
  readonly symbol: string;
  /** `common/memory.c:352`. */
  readonly line?: string | undefined;
}

/**
 * Writes a trace with the same events, whose call sites have the names and lines that are given, by address as the trace
 * writes it (`0xffff82d0402d8a40`). Sites that are not given keep the name that they have.
 * @throws P2mError P2M_WRITE, P2M_OUTPUT, P2M_DAMAGED, P2M_SCHEMA
 */
export async function symbolizeTrace(
  reader: TraceReader,
  output: string,
  sites: ReadonlyMap<string, CallSite>,
  onEvents: (events: number) => void = () => {},
): Promise<void> {
  const { metadata, compression } = reader;
  const symbols = [...reader.names.symbol];
  const numbers = new Map(symbols.map((symbol, i) => [symbol, i]));
  /** By caller: number of its symbol, -1 for the one that an event has. */
  const symbolOf = Int32Array.from(reader.names.caller, address => {
    const site = sites.get(address);
    if (site === undefined) return -1;
    const known = numbers.get(site.symbol);
    if (known !== undefined) return known;
    numbers.set(site.symbol, symbols.length);
    return symbols.push(site.symbol) - 1;
  });
  const lines: Record<string, string> = { ...metadata.lines };
  for (const [address, { line }] of sites) if (line !== undefined) lines[address] = line;
  const named = Object.keys(lines).length === 0 ? metadata : { ...metadata, lines };
  const writer = new TraceWriter(output, named, BATCH_ROWS, undefined, { compression });
  const memory = new BatchMemory();
  try {
    writer.submit(writer.acquire(), { ...namesBeyondInitial(reader), symbol: symbols });
    for (const info of reader.batches) {
      copySymbolized(reader.read(info, COPIED_COLUMNS, memory), symbolOf, writer);
      onEvents(info.firstSeq + info.rows);
      await yieldTurn(undefined);
    }
    writer.finish(named);
  } catch (error) {
    writer.abort();
    throw error;
  }
}

function copySymbolized(source: CopiedBatch, symbolOf: Int32Array, writer: TraceWriter): void {
  for (let from = 0; from < source.rows; ) {
    const batch: EventBatch = writer.acquire();
    const at = batch.rows;
    const to = Math.min(source.rows, from + batch.capacity);
    copyRows(source, from, to, batch);
    for (let row = from; row < to; row++) {
      if (!isValid(source.validity.caller, row)) continue;
      const symbol = symbolOf[source.columns.caller[row]];
      if (symbol < 0) continue;
      batch.columns.symbol[at + row - from] = symbol;
      batch.present[at + row - from] |= PRESENT.symbol;
    }
    writer.submit(batch, {});
    from = to;
  }
}
