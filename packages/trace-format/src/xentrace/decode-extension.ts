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
      return decodeLock(context, row, KIND.lock_acquire, words, at);
    case MEM.lockRelease:
      return decodeLock(context, row, KIND.lock_release, words, at);
    case MEM.lockWait:
      return decodeLock(context, row, KIND.lock_wait, words, at);

    case MEM.getPage: {
      const failed = words[at + 3] >>> 31 === 0;
      c.kind[row] = failed ? KIND.get_page_failed : KIND.get_page;
      c.flags[row] = (words[at + 3] & 1) === 0 ? 0 : FLAG.light;
      putU64(c.mfn, row, words, at);
      putU64(c.count_info, row, words, at + 4);
      return putOwner(context, row, words[at + 2], MFN | COUNT | FLAGS);
    }
    case MEM.putPage:
    case MEM.allocRefDrop:
      c.kind[row] = minor === MEM.putPage ? KIND.put_page : KIND.alloc_ref_drop;
      putU64(c.mfn, row, words, at);
      putU64(c.count_info, row, words, at + 4);
      return putOwner(context, row, words[at + 2], MFN | COUNT);

    case MEM.lookup: {
      const word = words[at + 5];
      const type = context.types[word & 0xff];
      if (type === 255) return 0;
      c.kind[row] = KIND.lookup;
      c.p2m_type[row] = type;
      c.order[row] = word >>> 8;
      const query = word >>> 16;
      c.flags[row] =
        (word >>> 31 === 0 ? 0 : FLAG.locked) |
        ((query & 1) === 0 ? 0 : FLAG.alloc) |
        ((query & 2) === 0 ? 0 : FLAG.unshare);
      return putEntry(context, row, words, at) | TYPE | ORDER | FLAGS;
    }
    case MEM.setEntry:
    case MEM.snapshotEntry: {
      const word = words[at + 5];
      const type = context.types[word & 0xff];
      const access = (word >>> 16) & 0xff;
      if (type === 255 || access >= ACCESS_TYPES.length || isInvalidFrame(words[at], words[at + 1])) return 0;
      c.kind[row] = minor === MEM.setEntry ? KIND.set_entry : KIND.snapshot;
      c.p2m_type[row] = type;
      c.order[row] = word >>> 8;
      c.access[row] = access;
      c.flags[row] = word >>> 31 === 0 ? 0 : FLAG.failed;
      return putEntry(context, row, words, at) | TYPE | ORDER | ACCESS | FLAGS;
    }
    case MEM.putGfn:
      c.kind[row] = KIND.put_gfn;
      putU64(c.gfn, row, words, at);
      return GFN | putDomain(context, row, words[at + 2]);

    case MEM.pageAlloc:
    case MEM.pageFree:
      if (words[at + 2] > 52) return 0;
      c.kind[row] = minor === MEM.pageAlloc ? KIND.page_alloc : KIND.page_free;
      putU64(c.mfn, row, words, at);
      c.order[row] = words[at + 2];
      return putOwner(context, row, words[at + 3], MFN | ORDER);

    case MEM.getType:
      c.kind[row] = KIND.get_type;
      putU64(c.mfn, row, words, at);
      putU64(c.type_info, row, words, at + 2);
      c.rc[row] = words[at + 4];
      c.arg0[2 * row + 1] = words[at + 5];
      return MFN | TYPE_INFO | RC | ARG0;
    case MEM.putType:
      c.kind[row] = KIND.put_type;
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
      c.kind[row] = KIND.m2p_set;
      putU64(c.mfn, row, words, at);
      // SHARED_M2P_ENTRY is all ones but the lowest bit (X§3.4).
      const shared = words[at + 3] === 0xffff_ffff && words[at + 2] === 0xffff_fffe;
      c.flags[row] = shared ? FLAG.shared : 0;
      return MFN | FLAGS | (shared ? 0 : putFrame(c.gfn, row, words, at + 2, GFN));
    }
    case MEM.ownerSet: {
      const old = words[at + 2];
      if (old > 0xffff) return 0;
      c.kind[row] = KIND.owner_set;
      putU64(c.mfn, row, words, at);
      putU64(c.count_info, row, words, at + 4);
      if (old !== WIRE_NO_DOMID) c.arg0[2 * row] = old;
      return putOwner(context, row, words[at + 3], MFN | COUNT | (old === WIRE_NO_DOMID ? 0 : ARG0));
    }
    case MEM.pageUse: {
      if (words[at + 3] >= PAGE_USE.length || words[at + 2] > 0xffff) return 0;
      c.kind[row] = KIND.page_use;
      putU64(c.mfn, row, words, at);
      c.domid[row] = words[at + 2];
      c.flags[row] = FLAG[PAGE_USE[words[at + 3]]];
      putU64(c.caller, row, words, at + 4);
      return MFN | DOMID | FLAGS | CALLER;
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
      c.kind[row] = words[at + 1] === 1 ? KIND.tlb_flush_deferred : KIND.tlb_flush;
      return putDomain(context, row, words[at]);
    case MEM.podCache: {
      const op = words[at + 3] >>> 8;
      if (op > 1 || words[at + 2] > 0xffff) return 0;
      c.kind[row] = op === 0 ? KIND.pod_cache_add : KIND.pod_cache_get;
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
      c.kind[row] = KIND.snapshot;
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
  putU64(c.lock, row, words, at);
  c.level[row] = level;
  c.mode[row] = word;
  c.flags[row] = (word & 0x100) === 0 ? 0 : FLAG.recursive;
  c.depth[row] = word >>> 16;
  putU64(c.caller, row, words, at + 4);
  const lockClass = mmLockOfLevel(level);
  if (lockClass < 0) return LOCK | LEVEL | MODE | FLAGS | DEPTH | CALLER;
  c.lock_class[row] = lockClass;
  return LOCK | LEVEL | MODE | FLAGS | DEPTH | CALLER | LOCK_CLASS;
}

/** domid in the low half, view in the high one. */
function putDomain(context: DecodeContext, row: number, word: number): number {
  context.columns.domid[row] = word;
  context.columns.view[row] = context.viewIndex(word >>> 16);
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
