/**
 * The form of xentrace records (xen/include/public/trace.h); which there are is in record-table.ts. A record: one
 * header word, two words of TSC where bit 31 is set, then 0..7 payload words.
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

/** A header's class and sub-class, and what they are in a TRC_MEM record. */
export const CLASS_MASK = 0x0fff_f000;
export const MEM_CLASS = 0x10f << 12;

/** A TRC_MEM record's minor and number of payload words in one number: decoders and counters are found by it. */
export const memIndex = (header: number): number => ((header >>> 16) & 0x7000) | (header & 0xfff);
export const minorOf = (index: number): number => index & 0xfff;
export const MEM_INDEXES = 0x8000;

/** The bits of a frame number: no order is larger. */
export const MAX_ORDER = 52;
