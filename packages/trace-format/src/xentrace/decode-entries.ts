import { PRESENT } from '../columns.js';
import { FLAG } from '../flags.js';
import { KIND } from '../kinds.js';
import { ACCESS_TYPES } from '../xen-enums.js';
import { type DecodeContext, type Decoders, isInvalidFrame, putFrame, putU64 } from './decode-context.js';
import { MEM } from './records.js';

const { gfn: GFN, mfn: MFN, domid: DOMID, order: ORDER, p2m_type: TYPE, access: ACCESS, flags: FLAGS } = PRESENT;
const { owner: OWNER, arg0: ARG0, arg1: ARG1 } = PRESENT;

const ALTP2M = ['view_create', 'view_destroy', 'view_reset', 'remap', 'view_switch'] as const;
const GRANT = ['grant_map', 'grant_unmap', 'grant_transfer'] as const;
/** GNTMAP_* by bit (xen/include/public/grant_table.h). */
const GNTMAP = ['device_map', 'host_map', 'readonly', 'application_map', 'contains_pte'] as const;

/** As constants of the module: looking them up by name for every record would show. */
const {
  lookup: K_LOOKUP,
  m2p_set: K_M2P_SET,
  put_gfn: K_PUT_GFN,
  set_entry: K_SET_ENTRY,
  snapshot: K_SNAPSHOT,
  tlb_flush: K_TLB_FLUSH,
  tlb_flush_deferred: K_TLB_FLUSH_DEFERRED,
} = KIND;
const { alloc: F_ALLOC, failed: F_FAILED, locked: F_LOCKED, shared: F_SHARED, unshare: F_UNSHARE } = FLAG;

/** Decoders of what an instrumented hypervisor records of translations (model §2.1): p2m, M2P, views, grants. */
export function entryDecoders({ columns, types, putDomain }: DecodeContext): Decoders {
  const { kind, domid, gfn, mfn, order, p2m_type, access, owner, flags, arg0, arg1 } = columns;

  /** gfn, mfn, domain and view of a lookup or an entry. */
  function putEntry(row: number, words: Uint32Array, at: number): number {
    return putFrame(gfn, row, words, at, GFN) | putFrame(mfn, row, words, at + 2, MFN) | putDomain(row, words[at + 4]);
  }

  function decodeLookup(row: number, words: Uint32Array, at: number): number {
    const word = words[at + 5];
    const type = types[word & 0xff];
    if (type === 255) return 0;
    kind[row] = K_LOOKUP;
    p2m_type[row] = type;
    order[row] = word >>> 8;
    flags[row] =
      (word >>> 31 === 0 ? 0 : F_LOCKED) |
      ((word & 0x1_0000) === 0 ? 0 : F_ALLOC) |
      ((word & 0x2_0000) === 0 ? 0 : F_UNSHARE);
    return putEntry(row, words, at) | TYPE | ORDER | FLAGS;
  }

  function decodeEntry(event: number, row: number, words: Uint32Array, at: number): number {
    const word = words[at + 5];
    const type = types[word & 0xff];
    const wireAccess = (word >>> 16) & 0xff;
    if (type === 255 || wireAccess >= ACCESS_TYPES.length || isInvalidFrame(words, at)) return 0;
    kind[row] = event;
    p2m_type[row] = type;
    order[row] = word >>> 8;
    access[row] = wireAccess;
    flags[row] = word >>> 31 === 0 ? 0 : F_FAILED;
    return putEntry(row, words, at) | TYPE | ORDER | ACCESS | FLAGS;
  }

  return {
    [MEM.lookup]: decodeLookup,
    [MEM.setEntry]: (row, words, at) => decodeEntry(K_SET_ENTRY, row, words, at),
    [MEM.snapshotEntry]: (row, words, at) => decodeEntry(K_SNAPSHOT, row, words, at),

    [MEM.putGfn](row, words, at) {
      kind[row] = K_PUT_GFN;
      putU64(gfn, row, words, at);
      return GFN | putDomain(row, words[at + 2]);
    },

    [MEM.tlbFlush](row, words, at) {
      if (words[at + 1] > 1) return 0;
      kind[row] = words[at + 1] === 1 ? K_TLB_FLUSH_DEFERRED : K_TLB_FLUSH;
      return putDomain(row, words[at]);
    },

    [MEM.m2pSet](row, words, at) {
      kind[row] = K_M2P_SET;
      putU64(mfn, row, words, at);
      // SHARED_M2P_ENTRY is all ones but the lowest bit (X§3.4).
      const isShared = words[at + 3] === 0xffff_ffff && words[at + 2] === 0xffff_fffe;
      flags[row] = isShared ? F_SHARED : 0;
      return MFN | FLAGS | (isShared ? 0 : putFrame(gfn, row, words, at + 2, GFN));
    },

    [MEM.altp2m](row, words, at) {
      const op = words[at + 5];
      if (op >= ALTP2M.length) return 0;
      kind[row] = KIND[ALTP2M[op]];
      const present = putDomain(row, words[at + 4]);
      if (ALTP2M[op] !== 'remap') return present;
      putU64(gfn, row, words, at);
      return present | GFN | putFrame(arg0, row, words, at + 2, ARG0);
    },

    [MEM.grant](row, words, at) {
      const op = words[at + 5] & 0xff;
      const bits = words[at + 5] >>> 8;
      if (op >= GRANT.length || bits >>> GNTMAP.length !== 0) return 0;
      kind[row] = KIND[GRANT[op]];
      domid[row] = words[at + 2];
      owner[row] = words[at + 2] >>> 16;
      arg0[2 * row] = words[at + 3];
      arg1[2 * row] = words[at + 4];
      flags[row] = GNTMAP.reduce((sum, name, i) => ((bits >>> i) & 1 ? sum | FLAG[name] : sum), 0);
      return DOMID | OWNER | ARG0 | ARG1 | FLAGS | putFrame(mfn, row, words, at, MFN);
    },
  };
}
