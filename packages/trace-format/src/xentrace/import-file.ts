import { RandomAccess } from '../read/file-access.js';
import type { TraceMetadata } from '../schema/metadata.js';
import type { BatchPool } from '../write/batch-pool.js';
import { filtered, openPool, openTraceSink, withOrigin } from '../write/open-sink.js';
import { yieldTurn } from '../yield-turn.js';
import type { ReadWords } from './cursor.js';
import { inOrder, sayUncorrected } from './in-order.js';
import { asBytes, indexWindows } from './index-windows.js';
import { Merger } from './merge.js';
import { checkOptions, interpret, type XentraceOptions } from './options.js';
import { PayloadSniffer } from './payload-layout.js';
import { RowWriter } from './row-writer.js';
import { startMetadata } from './start-metadata.js';
import type { Window } from './windows.js';

/** Steps of a merge between two chances for signals, some milliseconds. */
const TURN_STEPS = 4096;

/**
 * Imports a capture file: first it indexes the windows, then it merges them, reading each window once.
 * Returns the metadata of the finished trace; `health` says what could not be read.
 * @throws P2mError P2M_OPEN, P2M_NOT_A_FILE, P2M_NOT_XENTRACE, P2M_ENDIAN, P2M_WRITE, P2M_VERSION, P2M_LAYOUT
 */
export async function importXentraceFile(
  input: string,
  output: string,
  options: XentraceOptions = {},
): Promise<TraceMetadata> {
  checkOptions(options);
  const file = new RandomAccess(input);
  try {
    return await importFile(file, output, options);
  } finally {
    file.close();
  }
}

async function importFile(file: RandomAccess, output: string, options: XentraceOptions): Promise<TraceMetadata> {
  // Its thread starts while windows are being indexed.
  const pool = openPool(options.compression);
  try {
    return await importTo(pool, file, output, options);
  } catch (error) {
    pool.close();
    throw error;
  }
}

async function importTo(
  pool: BatchPool,
  file: RandomAccess,
  output: string,
  options: XentraceOptions,
): Promise<TraceMetadata> {
  const { windows, skipped, problems } = indexWindows(file, options.pcpu);
  const readWords: ReadWords = (into, atWord, offset, bytes) => file.read(asBytes(into, atWord, bytes), offset);
  const interpretation = interpret(options, options.xenVersion === undefined ? sniff(windows, readWords) : undefined);
  const metadata = startMetadata(file.path, options, interpretation);
  const sink = filtered(openTraceSink(output, metadata, pool), options.filter);
  try {
    const rows = new RowWriter(sink, interpretation, options.symbols, options.map);
    rows.health.bytes = file.size;
    rows.health.skippedBytes = skipped;
    rows.health.problems.push(...problems);
    const merger = new Merger(rows, sink.block.kernel, readWords);
    for (const window of windows) merger.add(window);
    const report = progressOf(merger, options);
    while (!merger.drain(true, report, TURN_STEPS)) await yieldTurn(options.signal);
    rows.flush();
    const settled = rows.layouts?.settle(metadata) ?? metadata;
    const reported = { ...settled, health: rows.health.report(merger.allCursors) };
    const finished = sayUncorrected(withOrigin(reported, sink, options.filter), rows.overlaps);
    const ordered = await inOrder(sink.complete(finished), finished, rows.overlaps);
    sink.publish();
    return ordered;
  } catch (error) {
    sink.abort();
    throw error;
  }
}

function sniff(windows: readonly Window[], read: ReadWords): 'old' | 'new' | undefined {
  const sniffer = new PayloadSniffer();
  let words = new Uint32Array(0);
  for (const window of windows) {
    if (sniffer.done) break;
    const count = window.bytes >>> 2;
    if (words.length < count) words = new Uint32Array(count);
    read(words, 0, window.offset, count * 4);
    sniffer.feed(words, count);
  }
  return sniffer.layout;
}

/** A function that calls onProgress now and then with the bytes merged so far. */
function progressOf(merger: Merger, options: XentraceOptions): (() => void) | undefined {
  const { onProgress } = options;
  if (onProgress === undefined) return undefined;
  let calls = 0;
  return () => {
    if (++calls % 4096 === 0) onProgress(merger.readBytes);
  };
}
