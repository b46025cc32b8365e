import { importNdjson } from '@p2mtrace/trace-format';
import { ForeignFile } from '@p2mtrace/trace-format/output';
import { correctClocks } from './correct-clocks.js';
import type { Planted } from './planted.js';
import { TSC_HZ, type WorkloadOptions, workload } from './workload.js';

/** Bytes that are handed on at once. */
const PIECE = 1 << 18;
/** The workload's flushes and page_info are those of this release. */
const XEN = { xenVersion: '4.17.7', layout: 'P6' };

/**
 * Writes the trace of a workload; the same options give the same events. Clocks that are apart are put right, as far
 * as an import can tell.
 * @returns how many they are, and the faults among them
 * @throws P2mError P2M_SCENARIO, P2M_FAULT (usage), P2M_WRITE
 */
export async function generateTrace(
  output: string,
  options: WorkloadOptions & { readonly onProgress?: (events: number) => void },
): Promise<{ readonly events: number; readonly planted: readonly Planted[] }> {
  const planted: Planted[] = [];
  let events = 0;
  const counted = () => {
    events++;
    if ((events & 0xfff) === 0) options.onProgress?.(events);
  };
  await new ForeignFile(output).write(async path => {
    const metadata = await importNdjson(textOf(options, planted, counted), 'generated', path);
    if ((options.skew ?? 0) > 0) correctClocks(path, metadata, planted);
  });
  return { events, planted };
}

async function* textOf(options: WorkloadOptions, planted: Planted[], onEvent: () => void): AsyncGenerator<Uint8Array> {
  let text = `${JSON.stringify({ p2mtrace: 1, ...XEN, tscHz: TSC_HZ })}\n`;
  for (const event of workload(options, planted)) {
    onEvent();
    text += `${JSON.stringify(event)}\n`;
    if (text.length < PIECE) continue;
    yield Buffer.from(text);
    text = '';
  }
  yield Buffer.from(text);
}
