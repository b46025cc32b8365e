import { PRESENT } from '../columns.js';
import { FLAG } from '../flags.js';
import { KIND } from '../kinds.js';
import { ACCESS_TYPES, mmLockOfLevel } from '../xen-enums.js';
import { type DecodeContext, isInvalidFrame, putFrame, putU64 } from './decode-context.js';
import { MEM, WIRE_NO_DOMID } from './records.js';

const { gfn: GFN, mfn: MFN, domid: DOMID, view: VIEW, order: ORDER, p2m_type: TYPE, access: ACCESS } = PRESENT;
const { count_info: COUNT, type_info: TYPE_INFO, owner: OWNER, flags: FLAGS, caller: CALLER, rc: RC } = PRESENT;
const { lock: LOCK, lock_class: LOCK_CLASS, level: LEVEL, mode: MODE, depth: DEPTH, arg0: ARG0, arg1: ARG1 } = PRESENT;

const SHARING = ['share_nominate', 'share_pages', 'unshare', 'rmap_add', 'rmap_del'] as const;
const ALTP2M = ['view_create', 'view_destroy', 'view_reset', 'remap', 'view_switch'] as const;
const GRANT = ['grant_map', 'grant_unmap', 'grant_transfer'] as const;
const PAGE_USE = ['map', 'unmap', 'read', 'write'] as const;
/** GNTMAP_* by bit (xen/include/public/grant_table.h). */
const GNTMAP = ['device_map', 'host_map', 'readonly', 'application_map', 'contains_pte'] as const;

/** As constants of the module: looking a kind up by name for every record would show. */
const K_ALLOC_REF_DROP = KIND.alloc_ref_drop;
const K_GET_PAGE = KIND.get_page;
const K_GET_PAGE_FAILED = KIND.get_page_failed;
const K_GET_TYPE = KIND.get_type;
const K_LOCK_ACQUIRE = KIND.lock_acquire;
const K_LOCK_RELEASE = KIND.lock_release;
const K_LOCK_WAIT = KIND.lock_wait;
const K_LOOKUP = KIND.lookup;
const K_M2P_SET = KIND.m2p_set;
const K_OWNER_SET = KIND.owner_set;
const K_PAGE_ALLOC = KIND.page_alloc;
const K_PAGE_FREE = KIND.page_free;
const K_PAGE_USE = KIND.page_use;
const K_POD_CACHE_ADD = KIND.pod_cache_add;
const K_POD_CACHE_GET = KIND.pod_cache_get;
const K_PUT_GFN = KIND.put_gfn;
const K_PUT_PAGE = KIND.put_page;
const K_PUT_TYPE = KIND.put_type;
const K_SET_ENTRY = KIND.set_entry;
const K_SNAPSHOT = KIND.snapshot;
const K_TLB_FLUSH = KIND.tlb_flush;
const K_TLB_FLUSH_DEFERRED = KIND.tlb_flush_deferred;
const F_ALLOC = FLAG.alloc;
const F_FAILED = FLAG.failed;
const F_LIGHT = FLAG.light;
const F_LOCKED = FLAG.locked;
const F_RECURSIVE = FLAG.recursive;
const F_SHARED = FLAG.shared;
const F_UNSHARE = FLAG.unshare;

/**
 * Decodes a record of the instrumented hypervisor (model §2.1) whose payload of the right size starts at `at`.
 * Returns the columns it has, or 0 where the contents fit none.
 */
export function decodeExtension(
  context: DecodeContext,
  row: number,
  minor: number,
  words: Uint32Array,
  at: number,
): number {
  const c = context.columns;
  switch (minor) {
    case MEM.lockAcquire:
      return decodeLock(context, row, K_LOCK_ACQUIRE, words, at);
    case MEM.lockRelease:
      return decodeLock(context, row, K_LOCK_RELEASE, words, at);
    case MEM.lockWait:
      return decodeLock(context, row, K_LOCK_WAIT, words, at);

    case MEM.getPage: {
      const failed = words[at + 3] >>> 31 === 0;
      c.kind[row] = failed ? K_GET_PAGE_FAILED : K_GET_PAGE;
      c.flags[row] = (words[at + 3] & 1) === 0 ? 0 : F_LIGHT;
      putU64(c.mfn, row, words, at);
      putU64(c.count_info, row, words, at + 4);
      return putOwner(context, row, words[at + 2], MFN | COUNT | FLAGS);
    }
    case MEM.putPage:
    case MEM.allocRefDrop:
      c.kind[row] = minor === MEM.putPage ? K_PUT_PAGE : K_ALLOC_REF_DROP;
      putU64(c.mfn, row, words, at);
      putU64(c.count_info, row, words, at + 4);
      return putOwner(context, row, words[at + 2], MFN | COUNT);

    case MEM.lookup: {
      const word = words[at + 5];
      const type = context.types[word & 0xff];
      if (type === 255) return 0;
      c.kind[row] = K_LOOKUP;
      c.p2m_type[row] = type;
      c.order[row] = word >>> 8;
      const query = word >>> 16;
      c.flags[row] =
        (word >>> 31 === 0 ? 0 : F_LOCKED) | ((query & 1) === 0 ? 0 : F_ALLOC) | ((query & 2) === 0 ? 0 : F_UNSHARE);
      return putEntry(context, row, words, at) | TYPE | ORDER | FLAGS;
    }
    case MEM.setEntry:
    case MEM.snapshotEntry: {
      const word = words[at + 5];
      const type = context.types[word & 0xff];
      const access = (word >>> 16) & 0xff;
      if (type === 255 || access >= ACCESS_TYPES.length || isInvalidFrame(words, at)) return 0;
      c.kind[row] = minor === MEM.setEntry ? K_SET_ENTRY : K_SNAPSHOT;
      c.p2m_type[row] = type;
      c.order[row] = word >>> 8;
      c.access[row] = access;
      c.flags[row] = word >>> 31 === 0 ? 0 : F_FAILED;
      return putEntry(context, row, words, at) | TYPE | ORDER | ACCESS | FLAGS;
    }
    case MEM.putGfn:
      c.kind[row] = K_PUT_GFN;
      putU64(c.gfn, row, words, at);
      return GFN | putDomain(context, row, words[at + 2]);

    case MEM.pageAlloc:
    case MEM.pageFree:
      if (words[at + 2] > 52) return 0;
      c.kind[row] = minor === MEM.pageAlloc ? K_PAGE_ALLOC : K_PAGE_FREE;
      putU64(c.mfn, row, words, at);
      c.order[row] = words[at + 2];
      return putOwner(context, row, words[at + 3], MFN | ORDER);

    case MEM.getType:
      c.kind[row] = K_GET_TYPE;
      putU64(c.mfn, row, words, at);
      putU64(c.type_info, row, words, at + 2);
      c.rc[row] = words[at + 4];
      c.arg0[2 * row + 1] = words[at + 5];
      return MFN | TYPE_INFO | RC | ARG0;
    case MEM.putType:
      c.kind[row] = K_PUT_TYPE;
      putU64(c.mfn, row, words, at);
      putU64(c.type_info, row, words, at + 2);
      return MFN | TYPE_INFO;

    default:
      return decodeRare(context, row, minor, words, at);
  }
}

/** The kinds that hypervisors record seldom; apart, so that the loop over the frequent ones stays small. */
function decodeRare(context: DecodeContext, row: number, minor: number, words: Uint32Array, at: number): number {
  const c = context.columns;
  switch (minor) {
    case MEM.m2pSet: {
      c.kind[row] = K_M2P_SET;
      putU64(c.mfn, row, words, at);
      // SHARED_M2P_ENTRY is all ones but the lowest bit (X§3.4).
      const shared = words[at + 3] === 0xffff_ffff && words[at + 2] === 0xffff_fffe;
      c.flags[row] = shared ? F_SHARED : 0;
      return MFN | FLAGS | (shared ? 0 : putFrame(c.gfn, row, words, at + 2, GFN));
    }
    case MEM.ownerSet: {
      const old = words[at + 2];
      if (old > 0xffff) return 0;
      c.kind[row] = K_OWNER_SET;
      putU64(c.mfn, row, words, at);
      putU64(c.count_info, row, words, at + 4);
      if (old !== WIRE_NO_DOMID) c.arg0[2 * row] = old;
      return putOwner(context, row, words[at + 3], MFN | COUNT | (old === WIRE_NO_DOMID ? 0 : ARG0));
    }
    case MEM.pageUse: {
      if (words[at + 3] >= PAGE_USE.length || words[at + 2] > 0xffff) return 0;
      c.kind[row] = K_PAGE_USE;
      putU64(c.mfn, row, words, at);
      c.domid[row] = words[at + 2];
      c.flags[row] = FLAG[PAGE_USE[words[at + 3]]];
      return MFN | DOMID | FLAGS | putCaller(context, row, words, at + 4);
    }
    case MEM.sharing: {
      if (words[at + 5] >= SHARING.length || words[at + 4] > 0xffff) return 0;
      c.kind[row] = KIND[SHARING[words[at + 5]]];
      putU64(c.mfn, row, words, at);
      putU64(c.gfn, row, words, at + 2);
      c.domid[row] = words[at + 4];
      c.arg0[2 * row] = words[at + 6];
      return MFN | GFN | DOMID | ARG0;
    }
    case MEM.grant: {
      const op = words[at + 5] & 0xff;
      const flags = words[at + 5] >>> 8;
      if (op >= GRANT.length || flags >>> GNTMAP.length !== 0) return 0;
      c.kind[row] = KIND[GRANT[op]];
      c.domid[row] = words[at + 2];
      c.owner[row] = words[at + 2] >>> 16;
      c.arg0[2 * row] = words[at + 3];
      c.arg1[2 * row] = words[at + 4];
      c.flags[row] = GNTMAP.reduce((bits, name, i) => ((flags >>> i) & 1 ? bits | FLAG[name] : bits), 0);
      return DOMID | OWNER | ARG0 | ARG1 | FLAGS | putFrame(c.mfn, row, words, at, MFN);
    }
    case MEM.tlbFlush:
      if (words[at + 1] > 1) return 0;
      c.kind[row] = words[at + 1] === 1 ? K_TLB_FLUSH_DEFERRED : K_TLB_FLUSH;
      return putDomain(context, row, words[at]);
    case MEM.podCache: {
      const op = words[at + 3] >>> 8;
      if (op > 1 || words[at + 2] > 0xffff) return 0;
      c.kind[row] = op === 0 ? K_POD_CACHE_ADD : K_POD_CACHE_GET;
      putU64(c.mfn, row, words, at);
      c.domid[row] = words[at + 2];
      c.order[row] = words[at + 3];
      c.arg0[2 * row] = words[at + 4];
      c.arg1[2 * row] = words[at + 5];
      return MFN | DOMID | ORDER | ARG0 | ARG1;
    }
    case MEM.altp2m: {
      const op = words[at + 5];
      if (op >= ALTP2M.length) return 0;
      c.kind[row] = KIND[ALTP2M[op]];
      const present = putDomain(context, row, words[at + 4]);
      if (ALTP2M[op] !== 'remap') return present;
      putU64(c.gfn, row, words, at);
      return present | GFN | putFrame(c.arg0, row, words, at + 2, ARG0);
    }
    case MEM.snapshotPage:
      c.kind[row] = K_SNAPSHOT;
      putU64(c.mfn, row, words, at);
      putU64(c.count_info, row, words, at + 2);
      putU64(c.type_info, row, words, at + 4);
      return putOwner(context, row, words[at + 6], MFN | COUNT | TYPE_INFO);
    default:
      return 0;
  }
}

function decodeLock(context: DecodeContext, row: number, kind: number, words: Uint32Array, at: number): number {
  const c = context.columns;
  const level = words[at + 2];
  const word = words[at + 3];
  if ((word & 0xff) > 2 || level > 0xffff) return 0;
  c.kind[row] = kind;
  const lock = context.names.lock.of(words, at);
  if (lock < 0) return 0;
  c.lock[row] = lock;
  c.level[row] = level;
  c.mode[row] = word;
  c.flags[row] = (word & 0x100) === 0 ? 0 : F_RECURSIVE;
  c.depth[row] = word >>> 16;
  const present = LOCK | LEVEL | MODE | FLAGS | DEPTH | putCaller(context, row, words, at + 4);
  const lockClass = mmLockOfLevel(level);
  if (lockClass < 0) return present;
  c.lock_class[row] = lockClass;
  return present | LOCK_CLASS;
}

function putCaller(context: DecodeContext, row: number, words: Uint32Array, at: number): number {
  const index = context.names.caller.of(words, at);
  if (index < 0) return 0;
  context.columns.caller[row] = index;
  return CALLER;
}

/** domid in the low half, view in the high one. */
function putDomain(context: DecodeContext, row: number, word: number): number {
  context.columns.domid[row] = word;
  const view = context.viewIndex(word >>> 16);
  if (view < 0) return DOMID;
  context.columns.view[row] = view;
  return DOMID | VIEW;
}

/** gfn, mfn, domain and view of a lookup or an entry. */
function putEntry(context: DecodeContext, row: number, words: Uint32Array, at: number): number {
  const c = context.columns;
  return (
    putFrame(c.gfn, row, words, at, GFN) |
    putFrame(c.mfn, row, words, at + 2, MFN) |
    putDomain(context, row, words[at + 4])
  );
}

/** Adds the owner unless the wire says that there is none; 0 for an owner that is no domid. */
function putOwner(context: DecodeContext, row: number, owner: number, present: number): number {
  if (owner === WIRE_NO_DOMID) return present;
  if (owner > 0xffff) return 0;
  context.columns.owner[row] = owner;
  return present | OWNER;
}
