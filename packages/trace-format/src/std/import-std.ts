import { P2mError } from '../errors.js';
import { LineSplitter } from '../ndjson/decode-lines.js';
import { type NdjsonImportOptions, NdjsonRows, piecesOf } from '../ndjson/import-ndjson.js';
import type { TraceMetadata } from '../schema/metadata.js';
import { yieldTurn } from '../yield-turn.js';
import { StdDecoder } from './decode-std.js';

/**
 * Imports a trace of threads in the std format of the literature on predictive analysis (RAPID): lines such as
 * `T1|acq(L34)|120`, with acq, rel, req, r, w, fork and join (docs/import.md#std). Otherwise like importNdjson.
 * @throws P2mError P2M_STD with file and line; P2M_NDJSON, P2M_OPEN, P2M_NOT_A_FILE, P2M_WRITE
 */
export async function importStd(
  input: string | AsyncIterable<Uint8Array>,
  name: string,
  output: string,
  options: NdjsonImportOptions = {},
): Promise<TraceMetadata> {
  const splitter = new LineSplitter();
  const decoder = new StdDecoder();
  const rows = new NdjsonRows(name, output, options, 'std');
  let bytes = 0;
  const add = (line: string) => {
    for (const event of decoder.decode(line)) rows.addEvent(event);
  };
  try {
    for await (const piece of typeof input === 'string' ? piecesOf(input) : input) {
      for (const line of splitter.push(piece)) add(line);
      bytes += piece.length;
      options.onProgress?.(bytes);
      await yieldTurn(options.signal);
    }
    for (const line of splitter.end()) add(line);
    return rows.finish();
  } catch (error) {
    rows.abort();
    const isOurs = error instanceof P2mError && (error.code === 'P2M_STD' || error.code === 'P2M_NDJSON');
    throw isOurs ? error.at({ file: name, line: splitter.line }) : error;
  }
}
