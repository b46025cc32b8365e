import { INVALID_FRAME, ignoredIf, putFrame, putU8, putU16, putU32, putU64, REFUSED } from './columns';
import { ACCESS_TYPES, ADDRESS, COLUMN, FLAG, KIND, PRESENT } from './constants';
import { MISSING, putDomain } from './names';

/* What an instrumented hypervisor records about p2m, M2P, views and grants (docs/format.md#the-extension). */

/** Index of the p2m type with this number on the wire, NO_TYPE if there is none. */
export function typeOf(wire: u32): u32 {
  return load<u8>(ADDRESS.types + wire);
}
export const NO_TYPE: u32 = 255;

/** INVALID_MFN as p2m-pt.c reads it back from an entry, which has 40 bits for a frame. */
const INVALID_IN_ENTRY: u64 = (1 << 40) - 1;

/** Writes gfn, mfn, domain and view, type and order of a lookup or an entry. */
function putEntry(row: u32, at: u32, type: u32, present: u32): u32 {
  const domain = putDomain(row, load<u32>(at, 16));
  if (domain === MISSING) return MISSING;
  putU8(COLUMN.p2m_type, row, type);
  putU8(COLUMN.order, row, load<u8>(at, 21));
  const gfn = putFrame(COLUMN.gfn, row, load<u64>(at), PRESENT.gfn);
  const frame = load<u64>(at, 8);
  const mfn = frame === INVALID_IN_ENTRY ? 0 : putFrame(COLUMN.mfn, row, frame, PRESENT.mfn);
  return present | domain | gfn | mfn | PRESENT.p2m_type | PRESENT.order;
}

export function decodeLookup(row: u32, at: u32): u32 {
  const word = load<u32>(at, 20);
  const type = typeOf(word & 0xff);
  if (type === NO_TYPE) return REFUSED;
  putU8(COLUMN.kind, row, KIND.lookup);
  const isLocked = word >>> 31 === 0 ? 0 : FLAG.locked;
  const isAlloc = (word & 0x1_0000) === 0 ? 0 : FLAG.alloc;
  const isUnshare = (word & 0x2_0000) === 0 ? 0 : FLAG.unshare;
  putU32(COLUMN.flags, row, isLocked | isAlloc | isUnshare);
  return putEntry(row, at, type, PRESENT.flags | ignoredIf(word & 0x7ffc_0000));
}

/** Decodes set_entry, and the entries of a snapshot. */
export function decodeEntry(kind: u32, row: u32, at: u32): u32 {
  const word = load<u32>(at, 20);
  const type = typeOf(word & 0xff);
  const access = (word >>> 16) & 0xff;
  if (type === NO_TYPE || access >= ACCESS_TYPES || load<u64>(at) === INVALID_FRAME) return REFUSED;
  putU8(COLUMN.kind, row, kind);
  putU8(COLUMN.access, row, access);
  putU32(COLUMN.flags, row, word >>> 31 === 0 ? 0 : FLAG.failed);
  return putEntry(row, at, type, PRESENT.access | PRESENT.flags | ignoredIf(word & 0x7f00_0000));
}

export function decodePutGfn(row: u32, at: u32): u32 {
  const domain = putDomain(row, load<u32>(at, 8));
  if (domain === MISSING) return MISSING;
  putU8(COLUMN.kind, row, KIND.put_gfn);
  putU64(COLUMN.gfn, row, load<u64>(at));
  return PRESENT.gfn | domain | ignoredIf(load<u32>(at, 12));
}

export function decodeTlbFlush(row: u32, at: u32): u32 {
  const word = load<u32>(at, 4);
  putU8(COLUMN.kind, row, (word & 1) === 0 ? KIND.tlb_flush : KIND.tlb_flush_deferred);
  const domain = putDomain(row, load<u32>(at));
  return domain === MISSING ? MISSING : domain | ignoredIf(word >>> 1);
}

/** SHARED_M2P_ENTRY is all ones but the lowest bit (docs/xen.md#m2p). */
const SHARED_M2P_ENTRY: u64 = u64.MAX_VALUE - 1;

export function decodeM2pSet(row: u32, at: u32): u32 {
  const entry = load<u64>(at, 8);
  const isShared = entry === SHARED_M2P_ENTRY;
  putU8(COLUMN.kind, row, KIND.m2p_set);
  putU64(COLUMN.mfn, row, load<u64>(at));
  putU32(COLUMN.flags, row, isShared ? FLAG.shared : 0);
  const present = PRESENT.mfn | PRESENT.flags;
  return isShared ? present : present | putFrame(COLUMN.gfn, row, entry, PRESENT.gfn);
}

export function decodeAltp2m(row: u32, at: u32): u32 {
  let kind: u32 = 0;
  switch (load<u32>(at, 20)) {
    case 0:
      kind = KIND.view_create;
      break;
    case 1:
      kind = KIND.view_destroy;
      break;
    case 2:
      kind = KIND.view_reset;
      break;
    case 3:
      kind = KIND.remap;
      break;
    case 4:
      kind = KIND.view_switch;
      break;
    default:
      return REFUSED;
  }
  const domain = putDomain(row, load<u32>(at, 16));
  if (domain === MISSING) return MISSING;
  putU8(COLUMN.kind, row, kind);
  if (kind !== KIND.remap) return domain;
  putU64(COLUMN.gfn, row, load<u64>(at));
  return domain | PRESENT.gfn | putFrame(COLUMN.arg0, row, load<u64>(at, 8), PRESENT.arg0);
}

export function decodeTypeChange(row: u32, at: u32): u32 {
  const word = load<u32>(at, 20);
  const oldType = typeOf(word & 0xff);
  const type = typeOf((word >>> 8) & 0xff);
  if (type === NO_TYPE || oldType === NO_TYPE) return REFUSED;
  const domain = putDomain(row, load<u32>(at, 16));
  if (domain === MISSING) return MISSING;
  putU8(COLUMN.kind, row, KIND.type_change_range);
  putU64(COLUMN.gfn, row, load<u64>(at));
  putU64(COLUMN.arg0, row, load<u64>(at, 8));
  putU64(COLUMN.arg1, row, oldType as u64);
  putU8(COLUMN.p2m_type, row, type);
  return PRESENT.gfn | PRESENT.arg0 | PRESENT.arg1 | PRESENT.p2m_type | domain | ignoredIf(word >>> 16);
}

/** A frame becomes a table of a p2m, or is one no longer. */
export function decodeTable(row: u32, at: u32): u32 {
  const op = load<u32>(at, 12);
  if (op > 1) return REFUSED;
  const domain = putDomain(row, load<u32>(at, 8));
  if (domain === MISSING) return MISSING;
  putU8(COLUMN.kind, row, op === 0 ? KIND.p2m_table_alloc : KIND.p2m_table_free);
  putU64(COLUMN.mfn, row, load<u64>(at));
  return PRESENT.mfn | domain;
}

export function decodeDying(row: u32, at: u32): u32 {
  const domain = load<u32>(at);
  if (domain > 0xffff) return REFUSED;
  putU8(COLUMN.kind, row, KIND.domain_dying);
  putU16(COLUMN.domid, row, domain);
  return PRESENT.domid;
}

/** GNTMAP_* by bit (xen/include/public/grant_table.h); x86 has three guest_avail bits. */
const KNOWN_GNTMAP: u32 = 0x7_003f;

function grantFlags(bits: u32): u32 {
  let flags: u32 = 0;
  if ((bits & 1) !== 0) flags |= FLAG.device_map;
  if ((bits & 2) !== 0) flags |= FLAG.host_map;
  if ((bits & 4) !== 0) flags |= FLAG.readonly;
  if ((bits & 8) !== 0) flags |= FLAG.application_map;
  if ((bits & 16) !== 0) flags |= FLAG.contains_pte;
  if ((bits & 32) !== 0) flags |= FLAG.can_fail;
  if ((bits & 0x1_0000) !== 0) flags |= FLAG.guest_avail0;
  if ((bits & 0x2_0000) !== 0) flags |= FLAG.guest_avail1;
  if ((bits & 0x4_0000) !== 0) flags |= FLAG.guest_avail2;
  return flags;
}

/** All GNTMAP bits, which a later recorder writes behind the word with 24 of them: they replace those. */
export function grantBits(row: u32, at: u32): u32 {
  const bits = load<u32>(at);
  putU32(COLUMN.flags, row, grantFlags(bits));
  return ignoredIf(bits & ~KNOWN_GNTMAP);
}

export function decodeGrant(row: u32, at: u32): u32 {
  const word = load<u32>(at, 20);
  const op = word & 0xff;
  const bits = word >>> 8;
  if (op > 2) return REFUSED;
  putU8(COLUMN.kind, row, op === 0 ? KIND.grant_map : op === 1 ? KIND.grant_unmap : KIND.grant_transfer);
  putU16(COLUMN.domid, row, load<u16>(at, 8));
  putU16(COLUMN.owner, row, load<u16>(at, 10));
  putU64(COLUMN.arg0, row, load<u32>(at, 12));
  putU64(COLUMN.arg1, row, load<u32>(at, 16));
  putU32(COLUMN.flags, row, grantFlags(bits));
  const present = PRESENT.domid | PRESENT.owner | PRESENT.arg0 | PRESENT.arg1 | PRESENT.flags;
  return present | putFrame(COLUMN.mfn, row, load<u64>(at), PRESENT.mfn) | ignoredIf(bits & ~KNOWN_GNTMAP);
}
