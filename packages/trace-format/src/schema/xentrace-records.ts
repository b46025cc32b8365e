/**
 * The xentrace record format and the event ids that p2mtrace knows (X§1; xen/include/public/trace.h, and model §2.1
 * for the extension). A record: one header word, two words of TSC where bit 31 is set, then 0..7 payload words.
 */

export const HEADER_TSC_BIT = 0x8000_0000;
export const EVENT_MASK = 0x0fff_ffff;
/** Payload words are counted in header bits 28..30. */
export const extraWords = (header: number): number => (header >>> 28) & 7;
/** Words of the whole record. */
export const recordWords = (header: number): number => 1 + ((header >>> 31) << 1) + ((header >>> 28) & 7);
/** The longest record: header, TSC, seven words. */
export const MAX_RECORD_WORDS = 10;

/** Header of a window: CPU_CHANGE with two words (cpu, window size in bytes) and no TSC. */
export const CPU_CHANGE_HEADER = 0x2001_f003;
export const CPU_CHANGE_BYTES = 12;

export const TRC_LOST_RECORDS = 0x0001_f001;
export const TRC_TRACE_WRAP_BUFFER = 0x0001_f002;
export const TRC_TRACE_CPU_CHANGE = 0x0001_f003;

/** Bits 4..5 and 8..9 of a runstate change hold the new and the old state (X§0.9). */
export const RUNSTATE_MASK = ~0x330;
export const TRC_SCHED_RUNSTATE_CHANGE = 0x0002_1001;
export const TRC_SCHED_CONTINUE_RUNNING = 0x0002_1002;
export const TRC_DOM0_DOM_ADD = 0x0004_1001;
export const TRC_DOM0_DOM_REM = 0x0004_1002;
export const TRC_HVM_NPF = 0x0008_2021;

/** TRC_MEM with its sub-class nibble: all ids below are this and a minor. */
export const TRC_MEM = 0x10f;
/** A header's class and sub-class, and what they are in a TRC_MEM record. */
export const CLASS_MASK = 0x0fff_f000;
export const MEM_CLASS = TRC_MEM << 12;
export const MEM = {
  grantMap: 0x001,
  grantUnmap: 0x002,
  grantTransfer: 0x003,
  setP2mEntry: 0x004,
  decreaseReservation: 0x005,
  podPopulate: 0x010,
  podZeroReclaim: 0x011,
  podSplinter: 0x012,
  lookup: 0x801,
  setEntry: 0x802,
  getPage: 0x803,
  putPage: 0x804,
  getType: 0x805,
  putType: 0x806,
  lockAcquire: 0x807,
  lockRelease: 0x808,
  pageAlloc: 0x809,
  pageFree: 0x80a,
  putGfn: 0x80b,
  m2pSet: 0x80c,
  ownerSet: 0x80d,
  pageUse: 0x80e,
  sharing: 0x80f,
  grant: 0x810,
  tlbFlush: 0x811,
  podCache: 0x812,
  altp2m: 0x813,
  lockWait: 0x814,
  snapshotPage: 0x815,
  snapshotEntry: 0x816,
  allocRefDrop: 0x817,
} as const;

/** Payload words of each MEM minor; 255 for a minor that no table lists. */
export const MEM_WORDS: Uint8Array = (() => {
  const words = new Uint8Array(0x1000).fill(255);
  const set = (count: number, ...minors: number[]) => {
    for (const minor of minors) words[minor] = count;
  };
  set(1, MEM.grantMap, MEM.grantUnmap, MEM.grantTransfer);
  set(2, MEM.tlbFlush);
  set(4, MEM.decreaseReservation, MEM.podSplinter, MEM.putType, MEM.pageAlloc, MEM.pageFree, MEM.putGfn, MEM.m2pSet);
  set(6, MEM.setP2mEntry, MEM.podPopulate, MEM.podZeroReclaim, MEM.lookup, MEM.setEntry, MEM.getPage, MEM.putPage);
  set(6, MEM.getType, MEM.lockAcquire, MEM.lockRelease, MEM.ownerSet, MEM.pageUse, MEM.grant, MEM.podCache);
  set(6, MEM.altp2m, MEM.lockWait, MEM.snapshotEntry, MEM.allocRefDrop);
  set(7, MEM.sharing, MEM.snapshotPage);
  return words;
})();

/** A TRC_MEM record's minor and number of payload words in one number: decoders and counters are found by it. */
export const memIndex = (header: number): number => ((header >>> 16) & 0x7000) | (header & 0xfff);
export const minorOf = (index: number): number => index & 0xfff;
export const MEM_INDEXES = 0x8000;

/** The bits of a frame number: no order is larger. */
export const MAX_ORDER = 52;

/** Domid on the wire where there is none (a page without owner, a failed get_page). */
export const WIRE_NO_DOMID = 0x7fff;
