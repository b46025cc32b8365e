import { firstTscOf } from '@p2mtrace/replayer';
import type { TraceRows } from '@p2mtrace/trace-format';
import type { FactColumn, FactTable } from './fact-table.js';

/** What was recorded: one row. Absent is null. */
export function recording(reader: TraceRows, tscHz = reader.metadata.tscHz): FactTable {
  const { source, format, host, xenVersion, buildId } = reader.metadata;
  const lastTsc = reader.batches.findLast(batch => batch.lastTsc !== undefined)?.lastTsc;
  return {
    name: 'recordings',
    rows: 1,
    columns: [
      text('source', source),
      text('format', format),
      text('host', host),
      text('xen_version', xenVersion),
      text('build_id', buildId),
      {
        name: 'tsc_hz',
        type: 'f64',
        values: Float64Array.of(tscHz ?? 0),
        valid: Uint8Array.of(tscHz === undefined ? 0 : 1),
      },
      tsc('first_tsc', firstTscOf(reader)),
      tsc('last_tsc', lastTsc),
      { name: 'events', type: 'seq', values: Float64Array.of(reader.rows) },
    ],
  };
}

/** Kinds that were recorded, in the trace or, for a piece, in that which it was cut from: there, events is 0. */
export function recordedKinds({ metadata }: TraceRows): FactTable {
  const { counts = {}, piece } = metadata;
  const numbers = new Map([...(piece?.recorded ?? []).map(kind => [kind, 0] as const), ...Object.entries(counts)]);
  const kinds = [...numbers].filter(([kind, events]) => events > 0 || piece?.recorded.includes(kind) === true);
  const names = kinds.map(([kind]) => kind);
  return {
    name: 'recorded_kinds',
    rows: kinds.length,
    columns: [
      { name: 'kind', type: 'u8', values: Uint8Array.from(kinds.keys()), names },
      { name: 'events', type: 'seq', values: Float64Array.from(kinds, ([, events]) => events) },
    ],
  };
}

function text(name: string, value: string | undefined): FactColumn {
  return {
    name,
    type: 'u8',
    values: Uint8Array.of(0),
    valid: Uint8Array.of(value === undefined ? 0 : 1),
    names: [value ?? ''],
  };
}

function tsc(name: string, value: bigint | undefined): FactColumn {
  const [low, high] = value === undefined ? [0, 0] : [Number(value & 0xffff_ffffn), Number(value >> 32n)];
  return { name, type: 'u64', values: Uint32Array.of(low, high), valid: Uint8Array.of(value === undefined ? 0 : 1) };
}
