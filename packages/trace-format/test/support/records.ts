import { writeFileSync } from 'node:fs';
import { importXentraceFile, TraceReader, type XentraceOptions } from '@p2mtrace/trace-format';
import { type FullRow, rowsOf } from './rows.js';

/** A record as xentrace has it (docs/xen.md#record-framing): header, TSC where there is one, payload. */
export function record(id: number, payload: readonly number[], tsc?: bigint): number[] {
  const header = id + payload.length * 2 ** 28;
  if (tsc === undefined) return [header, ...payload];
  return [header + 2 ** 31, Number(tsc & 0xffff_ffffn), Number(tsc >> 32n), ...payload];
}

/** A window: the records that one poll of a pcpu found. */
export const window = (pcpu: number, ...records: readonly (readonly number[])[]): number[] => {
  const words = records.flat();
  return [0x2001_f003, pcpu, words.length * 4, ...words];
};

/** Imports a capture of these windows. */
export async function importWindows(path: string, windows: readonly (readonly number[])[], options?: XentraceOptions) {
  writeFileSync(`${path}.bin`, Buffer.concat(windows.map(words => Buffer.from(Uint32Array.from(words).buffer))));
  const metadata = await importXentraceFile(`${path}.bin`, path, options);
  const reader = TraceReader.open(path);
  try {
    return { metadata, rows: rowsOf(reader) as FullRow[] };
  } finally {
    reader.close();
  }
}
