import { FLAG, KIND } from '@p2mtrace/trace-format';
import type { MappedFrames } from './mapped-frames.js';
import { CHUNK_OPS, OP_MAP, OP_UNMAP } from './op-stream.js';
import type { PcpuReading } from './pcpu-reading.js';
import type { ReadingState } from './reading-state.js';
import type { SectionBatch } from './section-columns.js';

/** Foreign and grant mappings: operations of those whose gfn is known; without `mapped` they are only counted. */
export function readMapping(
  { counts, resources, now, seq }: ReadingState,
  mapped: MappedFrames | undefined,
  reading: PcpuReading,
  batch: SectionBatch,
  row: number,
): void {
  const kind = batch.columns.kind[row];
  const isMap = kind === KIND.grant_map || kind === KIND.foreign_map;
  if ((batch.columns.flags[row] & FLAG.failed) !== 0) return;
  if (isMap) counts.mappings++;
  if (mapped === undefined) return;
  const isForeign = kind === KIND.foreign_map || kind === KIND.foreign_unmap;
  const found = isMap ? mapped.map(batch, row, isForeign) : mapped.unmap(batch, row, isForeign);
  if (found === undefined) {
    if (isMap) counts.unknownMappings++;
    return;
  }
  const res = resources.find(found.domid, 0);
  if (res === undefined) return;
  const at = reading.add(isMap ? OP_MAP : OP_UNMAP, res, now, seq);
  const chunk = reading.stream.chunk(at);
  const i = at & (CHUNK_OPS - 1);
  chunk.need[i] = found.id;
  chunk.first[i] = found.gfn;
  chunk.last[i] = found.gfn;
}
