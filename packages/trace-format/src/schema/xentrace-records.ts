/**
 * The form of xentrace records (xen/include/public/trace.h); record-table.ts lists them. A record has one header
 * word, two words of TSC if bit 31 is set, then 0..7 payload words.
 */

export const HEADER_TSC_BIT = 0x8000_0000;
export const EVENT_MASK = 0x0fff_ffff;
/** Number of payload words, from header bits 28..30. */
export const extraWords = (header: number): number => (header >>> 28) & 7;
/** Number of words of the whole record. */
export const recordWords = (header: number): number => 1 + ((header >>> 31) << 1) + ((header >>> 28) & 7);
/** Words of the longest record: header, TSC, seven payload words. */
export const MAX_RECORD_WORDS = 10;

/** Header of a window: CPU_CHANGE with two words (cpu, window size in bytes) and no TSC. */
export const CPU_CHANGE_HEADER = 0x2001_f003;
export const CPU_CHANGE_BYTES = 12;

/** A header's class and sub-class, and their value in TRC_MEM records. */
export const CLASS_MASK = 0x0fff_f000;
export const MEM_CLASS = 0x10f << 12;

/** Minor and number of payload words of a TRC_MEM record in one number, an index for decoders and counters. */
export const memIndex = (header: number): number => ((header >>> 16) & 0x7000) | (header & 0xfff);
export const minorOf = (index: number): number => index & 0xfff;
export const MEM_INDEXES = 0x8000;

/** Bits of a frame number: no order is larger. */
export const MAX_ORDER = 52;
