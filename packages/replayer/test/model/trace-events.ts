import {
  BatchMemory,
  COLUMN_NAMES,
  COLUMNS,
  type ColumnName,
  type ColumnSpec,
  getU64,
  isAddressDictionary,
  isValid,
  type TraceReader,
} from '@p2mtrace/trace-format';
import { eventOf, type TraceEvent } from './event.js';

/** What a model may need of an event. */
const READ = COLUMN_NAMES.filter(name => !['seq', 'tsc_own', 'raw'].includes(name));

type Decode = (values: ArrayLike<number>, row: number) => unknown;

/** What the elements of a column stand for. */
function decoderOf(name: ColumnName, names: TraceReader['names']): Decode {
  const { type, dictionary } = COLUMNS[name] as ColumnSpec;
  if (dictionary !== undefined) {
    const values = isAddressDictionary(dictionary) ? names[dictionary].map(BigInt) : names[dictionary];
    return (indices, row) => values[indices[row]];
  }
  return type === 'u64' ? (values, row) => getU64(values as Uint32Array, row) : (values, row) => values[row];
}

/** The events of a trace, one by one. */
export function* traceEvents(reader: TraceReader): Generator<TraceEvent> {
  const decoders = READ.map(name => [name, decoderOf(name, reader.names)] as const);
  for (const info of reader.batches) {
    const { columns, validity, rows } = reader.read(info, READ, new BatchMemory());
    for (let row = 0; row < rows; row++) {
      const values: Record<string, unknown> = {};
      for (const [name, decode] of decoders) {
        const isPresent = validity[name] === undefined || isValid(validity[name], row);
        if (isPresent) values[name] = decode(columns[name] as ArrayLike<number>, row);
      }
      yield eventOf(values as Parameters<typeof eventOf>[0]);
    }
  }
}
