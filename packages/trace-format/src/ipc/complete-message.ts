import { stampCrcs } from './checksum.js';
import type { BatchMessage } from './encode-message.js';

/** A field node: length and null count, an int64 each. */
const NODE_BYTES = 16;

/** A place of a buffer: offset and length, an int64 each. */
const PLACE_BYTES = 16;

/** Fills in where the buffers of a compressed body are, and how long it is. */
export function placeBuffers(
  { framed, buffersAt, bodyBytesAt }: BatchMessage,
  buffers: readonly { readonly offset: number; readonly bytes: number }[],
  bodyBytes: number,
): void {
  const view = new DataView(framed.buffer, framed.byteOffset, framed.byteLength);
  buffers.forEach(({ offset, bytes }, i) => {
    view.setBigInt64(buffersAt + i * PLACE_BYTES, BigInt(offset), true);
    view.setBigInt64(buffersAt + i * PLACE_BYTES + 8, BigInt(bytes), true);
  });
  view.setBigInt64(bodyBytesAt, BigInt(bodyBytes), true);
}

/** Fills in, column by column, what is only known once the body of a batch is complete. */
export function completeMessage(
  { framed, nodesAt, crcsAt }: BatchMessage,
  nulls: readonly number[],
  bodyCrcs: readonly number[],
): void {
  const view = new DataView(framed.buffer, framed.byteOffset, framed.byteLength);
  nulls.forEach((count, i) => {
    view.setBigInt64(nodesAt + i * NODE_BYTES + 8, BigInt(count), true);
  });
  stampCrcs(framed, bodyCrcs, crcsAt);
}
