import {
  BatchMemory,
  COLUMN_NAMES,
  COLUMNS,
  type ColumnName,
  type ColumnSpec,
  DICTIONARIES,
  type DictionaryName,
  defaultMetadata,
  type EventBatch,
  getU64,
  isAddressDictionary,
  isValid,
  KIND,
  type KindName,
  type NewNames,
  PRESENT,
  type ReadBatch,
  setU64,
  TraceReader,
  TraceWriter,
  type WriterOptions,
} from '@p2mtrace/trace-format';

/** A column's value as a test writes it: names of dictionaries as text, u64 and addresses as bigint, raw as hex. */
export type Value = string | number | bigint | boolean;
export type Row = { kind: KindName } & { [K in ColumnName]?: Value | null };

/** Writes rows with nothing but TraceWriter and the columns' types, so that codecs can be held against it. */
export function writeRows(
  path: string,
  rows: readonly Row[],
  batchRows = 4,
  metadata = defaultMetadata('test'),
  options: WriterOptions = {},
): void {
  const writer = new TraceWriter(path, metadata, batchRows, undefined, options);
  const names = new Map<string, string[]>();
  for (let start = 0; start < rows.length; start += batchRows) {
    const batch = writer.acquire();
    const added: Record<string, string[]> = {};
    rows.slice(start, start + batchRows).forEach((row, i) => {
      fillRow(batch, i, row, (dictionary, name) => {
        const all = names.get(dictionary) ?? [...DICTIONARIES[dictionary].names];
        names.set(dictionary, all);
        if (!all.includes(name)) {
          all.push(name);
          added[dictionary] = [...(added[dictionary] ?? []), name];
        }
        return all.indexOf(name);
      });
      batch.rows++;
    });
    writer.submit(batch, added as NewNames);
  }
  writer.finish(metadata);
}

/** Puts the values of a row into a batch; `indexOf` numbers the names of dictionaries. */
export function fillRow(
  batch: EventBatch,
  row: number,
  values: Row,
  indexOf: (d: DictionaryName, name: string) => number,
) {
  batch.columns.kind[row] = KIND[values.kind];
  for (const [name, value] of Object.entries(values) as [ColumnName, Value | null][]) {
    if (name === 'kind' || name === 'seq' || value === null) continue;
    const spec: ColumnSpec = COLUMNS[name];
    if (value !== false) batch.present[row] |= PRESENT[name];
    if (spec.type === 'bit') continue;
    if (spec.dictionary !== undefined) {
      const text = typeof value === 'bigint' ? `0x${value.toString(16)}` : String(value);
      batch.columns[name][row] = indexOf(spec.dictionary, text);
    } else if (spec.type === 'u64') setU64(batch.columns[name] as Uint32Array, row, value as bigint);
    else if (spec.type === 'binary') batch.addRaw(row, Buffer.from(value as string, 'hex'));
    else batch.columns[name][row] = value as number;
  }
}

/** Every column of a row, null where it has no value. */
export type FullRow = Record<ColumnName, Value | null>;

/** What writeRows was given, completed to what must be read back. */
export function expectedRows(rows: readonly Row[]): FullRow[] {
  return rows.map((row, seq) => {
    const full = Object.fromEntries(COLUMN_NAMES.map(name => [name, row[name] ?? null])) as FullRow;
    return { ...full, seq: BigInt(seq), tsc_own: row.tsc_own ?? false };
  });
}

/** All rows of a batch through the reader. */
export function batchRowsOf(reader: TraceReader, index: number): FullRow[] {
  const batch = reader.read(reader.batches[index], COLUMN_NAMES, new BatchMemory());
  return Array.from({ length: batch.rows }, (_, row) => fullRow(batch, row, reader.names));
}

export function rowsOf(reader: TraceReader): FullRow[] {
  return reader.batches.flatMap((_, index) => batchRowsOf(reader, index));
}

/** All rows of a trace, which must be undamaged. */
export function readRows(path: string): FullRow[] {
  const reader = TraceReader.open(path);
  try {
    if (reader.damage !== undefined) throw new Error(`damage: ${reader.damage.what}`);
    return rowsOf(reader);
  } finally {
    reader.close();
  }
}

function fullRow(batch: ReadBatch<ColumnName>, row: number, names: TraceReader['names']): FullRow {
  const value = (name: ColumnName): Value | null => {
    const spec: ColumnSpec = COLUMNS[name];
    if (spec.nullable && !isValid(batch.validity[name], row)) return null;
    const values = batch.columns[name];
    if (spec.dictionary !== undefined) {
      const text = names[spec.dictionary][values[row]];
      return isAddressDictionary(spec.dictionary) ? BigInt(text) : text;
    }
    if (spec.type === 'u64') return getU64(values as Uint32Array, row);
    if (spec.type === 'bit') return isValid(values as Uint8Array, row);
    if (spec.type !== 'binary') return values[row];
    return Buffer.from(batch.columns.raw.subarray(batch.rawOffsets[row], batch.rawOffsets[row + 1])).toString('hex');
  };
  return Object.fromEntries(COLUMN_NAMES.map(name => [name, value(name)])) as FullRow;
}
