import { PRESENT } from '../columns.js';
import { FLAG } from '../flags.js';
import { KIND } from '../kinds.js';
import { type DecodeContext, type Decoders, putFrame, putU64 } from './decode-context.js';
import { MEM } from './records.js';

const { gfn: GFN, mfn: MFN, domid: DOMID, order: ORDER, p2m_type: TYPE, owner: OWNER, flags: FLAGS } = PRESENT;

/** As constants of the module: looking them up by name for every record would show. */
const {
  decrease_reservation: K_DECREASE_RESERVATION,
  grant_map: K_GRANT_MAP,
  grant_transfer: K_GRANT_TRANSFER,
  grant_unmap: K_GRANT_UNMAP,
  pod_populate: K_POD_POPULATE,
  pod_splinter: K_POD_SPLINTER,
  pod_zero_reclaim: K_POD_ZERO_RECLAIM,
  set_entry: K_SET_ENTRY,
} = KIND;
const { attempt: F_ATTEMPT } = FLAG;

/** Decoders of the records of a stock Xen (X§1.5). */
export function stockDecoders({ columns, types, oldPayloads }: DecodeContext): Decoders {
  const { kind, domid, gfn, mfn, order, p2m_type, owner, flags } = columns;

  /** gfn, then domid and order: one 16+16 bit word up to 4.17, two words since (X§1.5). */
  function decodePod(event: number, row: number, words: Uint32Array, frame: number, at: number): number {
    const domain = words[at];
    const wireOrder = oldPayloads ? domain >>> 16 : words[at + 1];
    if (wireOrder > 52 || (!oldPayloads && domain > 0xffff)) return 0;
    kind[row] = event;
    putU64(gfn, row, words, frame);
    domid[row] = domain;
    order[row] = wireOrder;
    return GFN | DOMID | ORDER;
  }

  function decodePopulate(event: number, row: number, words: Uint32Array, at: number): number {
    const present = decodePod(event, row, words, at, at + 4);
    return present === 0 ? 0 : present | putFrame(mfn, row, words, at + 2, MFN);
  }

  /** Only the granting domain is recorded; who maps is whoever runs (X§1.7). */
  function decodeGrant(event: number, row: number, words: Uint32Array, at: number): number {
    if (words[at] > 0xffff) return 0;
    kind[row] = event;
    owner[row] = words[at];
    return OWNER;
  }

  return {
    /** Emitted before the write, which may fail, and without a return code (X§0.3). */
    [MEM.setP2mEntry](row, words, at) {
      const type = types[words[at + 4] & 0xff];
      const wireOrder = words[at + 5] >>> 16;
      if (type === 255 || words[at + 4] > 255 || wireOrder > 52) return 0;
      kind[row] = K_SET_ENTRY;
      putU64(gfn, row, words, at);
      p2m_type[row] = type;
      domid[row] = words[at + 5];
      order[row] = wireOrder;
      flags[row] = F_ATTEMPT;
      return GFN | TYPE | DOMID | ORDER | FLAGS | putFrame(mfn, row, words, at + 2, MFN);
    },

    [MEM.podPopulate]: (row, words, at) => decodePopulate(K_POD_POPULATE, row, words, at),
    [MEM.podZeroReclaim]: (row, words, at) => decodePopulate(K_POD_ZERO_RECLAIM, row, words, at),
    [MEM.decreaseReservation]: (row, words, at) => decodePod(K_DECREASE_RESERVATION, row, words, at, at + 2),

    [MEM.podSplinter](row, words, at) {
      // The old layout has no order; only superpages are splintered.
      if (!oldPayloads && (words[at + 3] > 52 || words[at + 2] > 0xffff)) return 0;
      kind[row] = K_POD_SPLINTER;
      putU64(gfn, row, words, at);
      domid[row] = words[at + 2];
      order[row] = oldPayloads ? 9 : words[at + 3];
      return GFN | DOMID | ORDER;
    },

    [MEM.grantMap]: (row, words, at) => decodeGrant(K_GRANT_MAP, row, words, at),
    [MEM.grantUnmap]: (row, words, at) => decodeGrant(K_GRANT_UNMAP, row, words, at),
    [MEM.grantTransfer](row, words, at) {
      if (words[at] > 0xffff) return 0;
      kind[row] = K_GRANT_TRANSFER;
      domid[row] = words[at];
      return DOMID;
    },
  };
}
