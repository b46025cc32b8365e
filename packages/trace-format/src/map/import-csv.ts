import { Readable } from 'node:stream';
import { CsvError, parse } from 'csv-parse';
import { P2mError, usageError } from '../errors.js';
import { type EventReceiver, type NdjsonImportOptions, NdjsonRows, piecesOf } from '../ndjson/import-ndjson.js';
import { refusal } from '../ndjson/refusal.js';
import type { KindName } from '../schema/kinds.js';
import type { TraceMetadata } from '../schema/metadata.js';
import { yieldTurn } from '../yield-turn.js';
import { fieldsOf } from './fields-of.js';
import type { ImportMap, MappedCsv } from './map-schema.js';

/** No line is longer. */
const MAX_LINE = 1 << 20;
/** Lines between two chances for signals. */
const TURN_LINES = 4096;

/**
 * Imports CSV with a head line, whose columns the map explains; otherwise like importNdjson. A cell without text is a
 * value that is not there.
 * @throws P2mError P2M_MAP (usage), P2M_CSV and P2M_NDJSON with file and line; P2M_OPEN, P2M_NOT_A_FILE, P2M_WRITE
 */
export async function importCsv(
  input: string | AsyncIterable<Uint8Array>,
  name: string,
  output: string | EventReceiver,
  { csv }: ImportMap,
  options: NdjsonImportOptions = {},
): Promise<TraceMetadata> {
  if (csv === undefined) throw usageError('P2M_MAP', 'the map has no csv', 'docs/import.md says what a map has');
  const rows = new NdjsonRows(name, output, options);
  const bytes = Readable.from(counted(typeof input === 'string' ? piecesOf(input) : input, options));
  const lines = bytes.compose(
    parse({ columns: true, bom: true, delimiter: csv.delimiter, max_record_size: MAX_LINE, info: true }),
  ) as AsyncIterable<{ record: Record<string, string>; info: { lines: number } }>;
  let line = 1;
  try {
    for await (const { record, info } of lines) {
      line = info.lines;
      if (rows.events === 0) checkHead(csv, record);
      const event = eventOf(csv, record);
      if (event !== undefined) rows.addEvent(event);
      if (rows.events % TURN_LINES !== 0) continue;
      await rows.tell();
      await yieldTurn(options.signal);
    }
    return rows.finish();
  } catch (error) {
    rows.abort();
    throw told(error, name, line);
  }
}

async function* counted(pieces: AsyncIterable<Uint8Array>, { onProgress }: NdjsonImportOptions) {
  let bytes = 0;
  for await (const piece of pieces) {
    // The buffer of a file is read into again.
    yield Buffer.from(piece);
    bytes += piece.length;
    onProgress?.(bytes);
  }
}

function told(error: unknown, name: string, line: number): unknown {
  if (error instanceof CsvError) {
    return new P2mError('P2M_CSV', error.message, {
      place: { file: name, line: (error as { lines?: number }).lines ?? line },
      remedy: 'correct the line and import again; nothing was written',
      cause: error,
    });
  }
  const isOurs = error instanceof P2mError && (error.code === 'P2M_NDJSON' || error.code === 'P2M_MAP');
  return isOurs ? error.at({ file: name, line }) : error;
}

const columnOf = (spec: MappedCsv['columns'][string]): string => (typeof spec === 'string' ? spec : spec.column);

/** Checks that the CSV has what the map names. */
function checkHead(csv: MappedCsv, record: Readonly<Record<string, string>>): void {
  const named = [
    ...Object.values(csv.columns).map(columnOf),
    ...(typeof csv.kind === 'string' ? [] : [csv.kind.column]),
  ];
  const missing = named.find(column => !Object.hasOwn(record, column));
  if (missing === undefined) return;
  throw usageError(
    'P2M_MAP',
    `there is no column ${missing}; there are ${Object.keys(record).join(', ')}`,
    'correct the map',
  );
}

/** The event of a line; undefined for one whose kind the map leaves out. */
function eventOf(csv: MappedCsv, record: Readonly<Record<string, string>>): Record<string, unknown> | undefined {
  const kind = kindOf(csv, record);
  if (kind === undefined) return undefined;
  const fields = fieldsOf(kind);
  const event: Record<string, unknown> = { kind };
  for (const [name, spec] of Object.entries(csv.columns)) {
    const field = fields.get(name);
    const text = record[columnOf(spec)].trim();
    // One CSV has all kinds, and columns that only some of them have.
    if (text === '' || field === undefined) continue;
    const values = typeof spec === 'string' ? undefined : spec.values;
    const value = values !== undefined && Object.hasOwn(values, text) ? values[text] : text;
    if (value === null) continue;
    if (field.form === 'flags') event[name] = value.split(/[\s|,;+]+/).filter(Boolean);
    else if (field.form === 'boolean') event[name] = /^(?:true|1|yes)$/i.test(value);
    else event[name] = field.form === 'number' && /^-?\d{1,15}$/.test(value) ? Number(value) : value;
  }
  return event;
}

function kindOf({ kind }: MappedCsv, record: Readonly<Record<string, string>>): KindName | undefined {
  if (typeof kind === 'string') return kind;
  const text = record[kind.column].trim();
  if (!Object.hasOwn(kind.values, text)) {
    throw refusal(`the map has no kind for ${JSON.stringify(text)}; null leaves such lines out`, kind.column);
  }
  return kind.values[text] ?? undefined;
}
