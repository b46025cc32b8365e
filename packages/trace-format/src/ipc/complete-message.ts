import { stampCrcs } from './checksum.js';
import type { BatchMessage } from './encode-message.js';

/** A field node: length and null count, an int64 each. */
const NODE_BYTES = 16;

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
