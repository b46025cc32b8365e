import { PRESENT } from '../columns.js';
import { FLAG } from '../flags.js';
import { KIND } from '../kinds.js';
import { type DecodeContext, putFrame, putU64 } from './decode-context.js';
import { MEM } from './records.js';

const { gfn: GFN, mfn: MFN, domid: DOMID, order: ORDER, p2m_type: TYPE, owner: OWNER, flags: FLAGS } = PRESENT;

/** As constants of the module: looking a kind up by name for every record would show. */
const K_DECREASE_RESERVATION = KIND.decrease_reservation;
const K_GRANT_MAP = KIND.grant_map;
const K_GRANT_TRANSFER = KIND.grant_transfer;
const K_GRANT_UNMAP = KIND.grant_unmap;
const K_POD_POPULATE = KIND.pod_populate;
const K_POD_SPLINTER = KIND.pod_splinter;
const K_POD_ZERO_RECLAIM = KIND.pod_zero_reclaim;
const K_SET_ENTRY = KIND.set_entry;
const F_ATTEMPT = FLAG.attempt;

/**
 * Decodes a stock TRC_MEM record (X§1.5) whose payload of the right size starts at `at` into `row`.
 * Returns the columns it has, or 0 where the contents fit none.
 */
export function decodeStock(
  context: DecodeContext,
  row: number,
  minor: number,
  words: Uint32Array,
  at: number,
): number {
  const c = context.columns;
  switch (minor) {
    case MEM.setP2mEntry: {
      // Emitted before the write, which may fail, and without a return code (X§0.3).
      const type = context.types[words[at + 4] & 0xff];
      const order = words[at + 5] >>> 16;
      if (type === 255 || words[at + 4] > 255 || order > 52) return 0;
      c.kind[row] = K_SET_ENTRY;
      putU64(c.gfn, row, words, at);
      c.p2m_type[row] = type;
      c.domid[row] = words[at + 5];
      c.order[row] = order;
      c.flags[row] = F_ATTEMPT;
      return GFN | TYPE | DOMID | ORDER | FLAGS | putFrame(c.mfn, row, words, at + 2, MFN);
    }
    case MEM.podPopulate:
    case MEM.podZeroReclaim: {
      const kind = minor === MEM.podPopulate ? K_POD_POPULATE : K_POD_ZERO_RECLAIM;
      const present = decodePod(context, row, kind, words, at, at + 4);
      return present === 0 ? 0 : present | putFrame(c.mfn, row, words, at + 2, MFN);
    }
    case MEM.decreaseReservation:
      return decodePod(context, row, K_DECREASE_RESERVATION, words, at, at + 2);
    case MEM.podSplinter: {
      // The old layout has no order; only superpages are splintered.
      if (context.oldPayloads) {
        c.order[row] = 9;
      } else {
        if (words[at + 3] > 52 || words[at + 2] > 0xffff) return 0;
        c.order[row] = words[at + 3];
      }
      c.kind[row] = K_POD_SPLINTER;
      putU64(c.gfn, row, words, at);
      c.domid[row] = words[at + 2];
      return GFN | DOMID | ORDER;
    }
    case MEM.grantMap:
    case MEM.grantUnmap:
      // Only the granting domain is recorded; who maps is whoever runs (X§1.7).
      if (words[at] > 0xffff) return 0;
      c.kind[row] = minor === MEM.grantMap ? K_GRANT_MAP : K_GRANT_UNMAP;
      c.owner[row] = words[at];
      return OWNER;
    case MEM.grantTransfer:
      if (words[at] > 0xffff) return 0;
      c.kind[row] = K_GRANT_TRANSFER;
      c.domid[row] = words[at];
      return DOMID;
    default:
      return 0;
  }
}

/** gfn, then domid and order: one 16+16 bit word up to 4.17, two words since (X§1.5). */
function decodePod(
  context: DecodeContext,
  row: number,
  kind: number,
  words: Uint32Array,
  gfn: number,
  at: number,
): number {
  const c = context.columns;
  const domid = words[at];
  const order = context.oldPayloads ? domid >>> 16 : words[at + 1];
  if (order > 52 || (!context.oldPayloads && domid > 0xffff)) return 0;
  c.kind[row] = kind;
  putU64(c.gfn, row, words, gfn);
  c.domid[row] = domid;
  c.order[row] = order;
  return GFN | DOMID | ORDER;
}
