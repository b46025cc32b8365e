import { putFrame, putOwner, putU8, putU16, putU32, putU64, REFUSED } from './columns';
import { COLUMN, FLAG, KIND, MAX_ORDER, PRESENT, WIRE_NO_DOMID } from './constants';
import { MISSING, putCaller, putOuterCaller } from './names';

/* What an instrumented hypervisor records about pages: references, use, sharing (docs/format.md#the-extension). */

export function decodeGet(row: u32, at: u32): u32 {
  const word = load<u32>(at, 12);
  putU8(COLUMN.kind, row, word >>> 31 === 0 ? KIND.get_page_failed : KIND.get_page);
  putU32(COLUMN.flags, row, (word & 1) === 0 ? 0 : FLAG.light);
  putU64(COLUMN.mfn, row, load<u64>(at));
  putU64(COLUMN.count_info, row, load<u64>(at, 16));
  const outer = (word >>> 1) & 0x3fff_ffff;
  const caller = outer === 0 ? 0 : putOuterCaller(row, outer | 0x4000_0000);
  return withOwner(row, at, PRESENT.mfn | PRESENT.count_info | PRESENT.flags, caller);
}

/** Decodes put_page and alloc_ref_drop. */
export function decodePut(kind: u32, row: u32, at: u32): u32 {
  putU8(COLUMN.kind, row, kind);
  putU64(COLUMN.mfn, row, load<u64>(at));
  putU64(COLUMN.count_info, row, load<u64>(at, 16));
  return withOwner(row, at, PRESENT.mfn | PRESENT.count_info, putOuterCaller(row, load<u32>(at, 12)));
}

/** Writes the owner of a reference. Returns all its columns, or REFUSED. */
function withOwner(row: u32, at: u32, columns: u32, outer: u32): u32 {
  const present = putOwner(row, load<u32>(at, 8), columns);
  return present === REFUSED ? REFUSED : present | outer;
}

export function decodeGetType(row: u32, at: u32): u32 {
  putU8(COLUMN.kind, row, KIND.get_type);
  putU64(COLUMN.mfn, row, load<u64>(at));
  putU64(COLUMN.type_info, row, load<u64>(at, 8));
  putU32(COLUMN.rc, row, load<u32>(at, 16));
  // The word is the upper half of the requested type.
  putU64(COLUMN.arg0, row, (load<u32>(at, 20) as u64) << 32);
  return PRESENT.mfn | PRESENT.type_info | PRESENT.rc | PRESENT.arg0;
}

export function decodePutType(row: u32, at: u32): u32 {
  putU8(COLUMN.kind, row, KIND.put_type);
  putU64(COLUMN.mfn, row, load<u64>(at));
  putU64(COLUMN.type_info, row, load<u64>(at, 8));
  return PRESENT.mfn | PRESENT.type_info;
}

/** Decodes page_alloc and page_free. */
export function decodePages(kind: u32, row: u32, at: u32): u32 {
  const order = load<u32>(at, 8);
  if (order > MAX_ORDER) return REFUSED;
  putU8(COLUMN.kind, row, kind);
  putU64(COLUMN.mfn, row, load<u64>(at));
  putU8(COLUMN.order, row, order);
  return putOwner(row, load<u32>(at, 12), PRESENT.mfn | PRESENT.order);
}

export function decodeOwnerSet(row: u32, at: u32): u32 {
  const old = load<u32>(at, 8);
  if (old > 0xffff) return REFUSED;
  putU8(COLUMN.kind, row, KIND.owner_set);
  putU64(COLUMN.mfn, row, load<u64>(at));
  putU64(COLUMN.count_info, row, load<u64>(at, 16));
  const present = putOwner(row, load<u32>(at, 12), PRESENT.mfn | PRESENT.count_info);
  if (present === REFUSED || old === WIRE_NO_DOMID) return present;
  putU64(COLUMN.arg0, row, old);
  return present | PRESENT.arg0;
}

export function decodePageUse(row: u32, at: u32): u32 {
  const domain = load<u32>(at, 8);
  let flags: u32 = 0;
  switch (load<u32>(at, 12)) {
    case 0:
      flags = FLAG.map;
      break;
    case 1:
      flags = FLAG.unmap;
      break;
    case 2:
      flags = FLAG.read;
      break;
    case 3:
      flags = FLAG.write;
      break;
    default:
      return REFUSED;
  }
  if (domain > 0xffff) return REFUSED;
  const caller = putCaller(row, at + 16);
  if (caller === MISSING) return MISSING;
  putU8(COLUMN.kind, row, KIND.page_use);
  putU64(COLUMN.mfn, row, load<u64>(at));
  putU16(COLUMN.domid, row, domain);
  putU32(COLUMN.flags, row, flags);
  return caller | PRESENT.mfn | PRESENT.domid | PRESENT.flags;
}

export function decodeSharing(row: u32, at: u32): u32 {
  const domain = load<u32>(at, 16);
  let kind: u32 = 0;
  switch (load<u32>(at, 20)) {
    case 0:
      kind = KIND.share_nominate;
      break;
    case 1:
      kind = KIND.share_pages;
      break;
    case 2:
      kind = KIND.unshare;
      break;
    case 3:
      kind = KIND.rmap_add;
      break;
    case 4:
      kind = KIND.rmap_del;
      break;
    default:
      return REFUSED;
  }
  if (domain > 0xffff) return REFUSED;
  putU8(COLUMN.kind, row, kind);
  putU64(COLUMN.mfn, row, load<u64>(at));
  putU64(COLUMN.gfn, row, load<u64>(at, 8));
  putU16(COLUMN.domid, row, domain);
  putU64(COLUMN.arg0, row, load<u32>(at, 24));
  return PRESENT.mfn | PRESENT.gfn | PRESENT.domid | PRESENT.arg0;
}

export function decodePodCache(row: u32, at: u32): u32 {
  const domain = load<u32>(at, 8);
  const word = load<u32>(at, 12);
  const op = word >>> 8;
  if (op > 1 || domain > 0xffff) return REFUSED;
  putU8(COLUMN.kind, row, op === 0 ? KIND.pod_cache_add : KIND.pod_cache_get);
  putU64(COLUMN.mfn, row, load<u64>(at));
  putU16(COLUMN.domid, row, domain);
  putU8(COLUMN.order, row, word);
  putU64(COLUMN.arg0, row, load<u32>(at, 16));
  putU64(COLUMN.arg1, row, load<u32>(at, 20));
  return PRESENT.mfn | PRESENT.domid | PRESENT.order | PRESENT.arg0 | PRESENT.arg1;
}

/** Decodes a page of a snapshot. */
export function decodePage(row: u32, at: u32): u32 {
  putU8(COLUMN.kind, row, KIND.snapshot);
  putU64(COLUMN.mfn, row, load<u64>(at));
  putU64(COLUMN.count_info, row, load<u64>(at, 8));
  putU64(COLUMN.type_info, row, load<u64>(at, 16));
  return putOwner(row, load<u32>(at, 24), PRESENT.mfn | PRESENT.count_info | PRESENT.type_info);
}

/** Decodes an operation of the pager. */
export function decodePaging(row: u32, at: u32): u32 {
  const domain = load<u32>(at, 16);
  let kind: u32 = 0;
  switch (load<u32>(at, 20)) {
    case 0:
      kind = KIND.page_nominate;
      break;
    case 1:
      kind = KIND.page_evict;
      break;
    case 2:
      kind = KIND.page_populate;
      break;
    case 3:
      kind = KIND.page_prep;
      break;
    case 4:
      kind = KIND.page_resume;
      break;
    default:
      return REFUSED;
  }
  if (domain > 0xffff) return REFUSED;
  putU8(COLUMN.kind, row, kind);
  putU64(COLUMN.gfn, row, load<u64>(at));
  putU16(COLUMN.domid, row, domain);
  putU32(COLUMN.rc, row, load<u32>(at, 24));
  return PRESENT.gfn | PRESENT.domid | PRESENT.rc | putFrame(COLUMN.mfn, row, load<u64>(at, 8), PRESENT.mfn);
}
