import { REFUSED } from './columns';
import { ADDRESS, FIRST_EXTENSION_MINOR, IGNORED, KIND, MEM } from './constants';
import {
  decodeAltp2m,
  decodeDying,
  decodeEntry,
  decodeGrant,
  decodeLookup,
  decodeM2pSet,
  decodePutGfn,
  decodeTable,
  decodeTlbFlush,
  decodeTypeChange,
  grantBits,
} from './entries';
import { decodeLock } from './locks';
import { MISSING, putTextCaller } from './names';
import {
  decodeGet,
  decodeGetType,
  decodeOwnerSet,
  decodePage,
  decodePages,
  decodePageUse,
  decodePaging,
  decodePodCache,
  decodePut,
  decodePutType,
  decodeSharing,
} from './pages';
import {
  decodePod,
  decodePopulate,
  decodeSetP2mEntry,
  decodeSplinter,
  decodeStockGrant,
  decodeStockTransfer,
} from './stock';

/**
 * Decodes the payload at `at` of a TRC_MEM record into a row. Returns the columns of the row, with IGNORED if it has
 * not all of the record, or REFUSED or MISSING; with these two, the row may have been written to.
 */
export function decode(header: u32, row: u32, at: u32): u32 {
  const minor = header & 0xfff;
  const words = (header >>> 28) & 7;
  const known: u32 = load<u8>(ADDRESS.payloadWords + minor);
  // This makes it safe to read the payload of a known record. NO_RECORD is more than any record has.
  if (known > words) return REFUSED;
  if (known !== words && minor < FIRST_EXTENSION_MINOR) return REFUSED;
  const present = decodeKnown(minor, row, at);
  if (known === words || present === REFUSED || present === MISSING) return present;
  const rest = decodeRest(minor, row, at + known * 4);
  return rest === MISSING ? MISSING : present | rest;
}

/** Decodes words that later recorders have appended. Returns the columns they add to the row, IGNORED or MISSING. */
function decodeRest(minor: u32, row: u32, at: u32): u32 {
  switch (minor) {
    case MEM.lookup:
    case MEM.setEntry:
    case MEM.getPage:
    case MEM.putPage:
    case MEM.allocRefDrop:
    case MEM.m2pSet:
    case MEM.tlbFlush:
      return putTextCaller(row, at);
    case MEM.grant:
      return grantBits(row, at);
    default:
      return IGNORED;
  }
}

/** Decodes the words that the record has in the table. */
function decodeKnown(minor: u32, row: u32, at: u32): u32 {
  switch (minor) {
    // The most frequent come first: they are compared one by one.
    case MEM.lockAcquire:
      return decodeLock(KIND.lock_acquire, row, at);
    case MEM.lockRelease:
      return decodeLock(KIND.lock_release, row, at);
    case MEM.putPage:
      return decodePut(KIND.put_page, row, at);
    case MEM.getPage:
      return decodeGet(row, at);
    case MEM.setEntry:
      return decodeEntry(KIND.set_entry, row, at);
    case MEM.setP2mEntry:
      return decodeSetP2mEntry(row, at);
    case MEM.pageFree:
      return decodePages(KIND.page_free, row, at);
    case MEM.lookup:
      return decodeLookup(row, at);
    case MEM.grantMap:
      return decodeStockGrant(KIND.grant_map, row, at);
    case MEM.grantUnmap:
      return decodeStockGrant(KIND.grant_unmap, row, at);
    case MEM.grantTransfer:
      return decodeStockTransfer(row, at);
    case MEM.decreaseReservation:
      return decodePod(KIND.decrease_reservation, row, at, at + 8);
    case MEM.podPopulate:
      return decodePopulate(KIND.pod_populate, row, at);
    case MEM.podZeroReclaim:
      return decodePopulate(KIND.pod_zero_reclaim, row, at);
    case MEM.podSplinter:
      return decodeSplinter(row, at);
    case MEM.getType:
      return decodeGetType(row, at);
    case MEM.putType:
      return decodePutType(row, at);
    case MEM.pageAlloc:
      return decodePages(KIND.page_alloc, row, at);
    case MEM.putGfn:
      return decodePutGfn(row, at);
    case MEM.m2pSet:
      return decodeM2pSet(row, at);
    case MEM.ownerSet:
      return decodeOwnerSet(row, at);
    case MEM.pageUse:
      return decodePageUse(row, at);
    case MEM.sharing:
      return decodeSharing(row, at);
    case MEM.grant:
      return decodeGrant(row, at);
    case MEM.tlbFlush:
      return decodeTlbFlush(row, at);
    case MEM.podCache:
      return decodePodCache(row, at);
    case MEM.altp2m:
      return decodeAltp2m(row, at);
    case MEM.lockWait:
      return decodeLock(KIND.lock_wait, row, at);
    case MEM.snapshotPage:
      return decodePage(row, at);
    case MEM.snapshotEntry:
      return decodeEntry(KIND.snapshot, row, at);
    case MEM.allocRefDrop:
      return decodePut(KIND.alloc_ref_drop, row, at);
    case MEM.domainDying:
      return decodeDying(row, at);
    case MEM.paging:
      return decodePaging(row, at);
    case MEM.typeChangeRange:
      return decodeTypeChange(row, at);
    case MEM.p2mTable:
      return decodeTable(row, at);
    default:
      return REFUSED;
  }
}
