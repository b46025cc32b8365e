import { PRESENT } from '../columns.js';
import { FLAG } from '../flags.js';
import { KIND } from '../kinds.js';
import { type DecodeContext, type Decoders, putU64 } from './decode-context.js';
import { MEM, WIRE_NO_DOMID } from './records.js';

const { gfn: GFN, mfn: MFN, domid: DOMID, order: ORDER, count_info: COUNT, type_info: TYPE_INFO, rc: RC } = PRESENT;
const { flags: FLAGS, arg0: ARG0, arg1: ARG1 } = PRESENT;

const SHARING = ['share_nominate', 'share_pages', 'unshare', 'rmap_add', 'rmap_del'] as const;
const PAGE_USE = ['map', 'unmap', 'read', 'write'] as const;

/** As constants of the module: looking them up by name for every record would show. */
const {
  alloc_ref_drop: K_ALLOC_REF_DROP,
  get_page: K_GET_PAGE,
  get_page_failed: K_GET_PAGE_FAILED,
  get_type: K_GET_TYPE,
  owner_set: K_OWNER_SET,
  page_alloc: K_PAGE_ALLOC,
  page_free: K_PAGE_FREE,
  page_use: K_PAGE_USE,
  pod_cache_add: K_POD_CACHE_ADD,
  pod_cache_get: K_POD_CACHE_GET,
  put_page: K_PUT_PAGE,
  put_type: K_PUT_TYPE,
  snapshot: K_SNAPSHOT,
} = KIND;
const { light: F_LIGHT } = FLAG;

/** Decoders of what an instrumented hypervisor records of pages (model §2.1): references, allocation, use, sharing. */
export function pageDecoders({ columns, putOwner, putCaller }: DecodeContext): Decoders {
  const { kind, domid, gfn, mfn, order, count_info, type_info, rc, flags, arg0, arg1 } = columns;

  function decodePut(event: number, row: number, words: Uint32Array, at: number): number {
    kind[row] = event;
    putU64(mfn, row, words, at);
    putU64(count_info, row, words, at + 4);
    return putOwner(row, words[at + 2], MFN | COUNT);
  }

  function decodePages(event: number, row: number, words: Uint32Array, at: number): number {
    if (words[at + 2] > 52) return 0;
    kind[row] = event;
    putU64(mfn, row, words, at);
    order[row] = words[at + 2];
    return putOwner(row, words[at + 3], MFN | ORDER);
  }

  return {
    [MEM.getPage](row, words, at) {
      const flagWord = words[at + 3];
      kind[row] = flagWord >>> 31 === 0 ? K_GET_PAGE_FAILED : K_GET_PAGE;
      flags[row] = (flagWord & 1) === 0 ? 0 : F_LIGHT;
      putU64(mfn, row, words, at);
      putU64(count_info, row, words, at + 4);
      return putOwner(row, words[at + 2], MFN | COUNT | FLAGS);
    },
    [MEM.putPage]: (row, words, at) => decodePut(K_PUT_PAGE, row, words, at),
    [MEM.allocRefDrop]: (row, words, at) => decodePut(K_ALLOC_REF_DROP, row, words, at),

    [MEM.getType](row, words, at) {
      kind[row] = K_GET_TYPE;
      putU64(mfn, row, words, at);
      putU64(type_info, row, words, at + 2);
      rc[row] = words[at + 4];
      arg0[2 * row + 1] = words[at + 5];
      return MFN | TYPE_INFO | RC | ARG0;
    },
    [MEM.putType](row, words, at) {
      kind[row] = K_PUT_TYPE;
      putU64(mfn, row, words, at);
      putU64(type_info, row, words, at + 2);
      return MFN | TYPE_INFO;
    },

    [MEM.pageAlloc]: (row, words, at) => decodePages(K_PAGE_ALLOC, row, words, at),
    [MEM.pageFree]: (row, words, at) => decodePages(K_PAGE_FREE, row, words, at),

    [MEM.ownerSet](row, words, at) {
      const old = words[at + 2];
      if (old > 0xffff) return 0;
      kind[row] = K_OWNER_SET;
      putU64(mfn, row, words, at);
      putU64(count_info, row, words, at + 4);
      if (old !== WIRE_NO_DOMID) arg0[2 * row] = old;
      return putOwner(row, words[at + 3], MFN | COUNT | (old === WIRE_NO_DOMID ? 0 : ARG0));
    },

    [MEM.pageUse](row, words, at) {
      if (words[at + 3] >= PAGE_USE.length || words[at + 2] > 0xffff) return 0;
      kind[row] = K_PAGE_USE;
      putU64(mfn, row, words, at);
      domid[row] = words[at + 2];
      flags[row] = FLAG[PAGE_USE[words[at + 3]]];
      return MFN | DOMID | FLAGS | putCaller(row, words, at + 4);
    },

    [MEM.sharing](row, words, at) {
      if (words[at + 5] >= SHARING.length || words[at + 4] > 0xffff) return 0;
      kind[row] = KIND[SHARING[words[at + 5]]];
      putU64(mfn, row, words, at);
      putU64(gfn, row, words, at + 2);
      domid[row] = words[at + 4];
      arg0[2 * row] = words[at + 6];
      return MFN | GFN | DOMID | ARG0;
    },

    [MEM.podCache](row, words, at) {
      const op = words[at + 3] >>> 8;
      if (op > 1 || words[at + 2] > 0xffff) return 0;
      kind[row] = op === 0 ? K_POD_CACHE_ADD : K_POD_CACHE_GET;
      putU64(mfn, row, words, at);
      domid[row] = words[at + 2];
      order[row] = words[at + 3];
      arg0[2 * row] = words[at + 4];
      arg1[2 * row] = words[at + 5];
      return MFN | DOMID | ORDER | ARG0 | ARG1;
    },

    [MEM.snapshotPage](row, words, at) {
      kind[row] = K_SNAPSHOT;
      putU64(mfn, row, words, at);
      putU64(count_info, row, words, at + 2);
      putU64(type_info, row, words, at + 4);
      return putOwner(row, words[at + 6], MFN | COUNT | TYPE_INFO);
    },
  };
}
