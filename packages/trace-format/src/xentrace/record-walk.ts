import {
  CPU_CHANGE_HEADER,
  EVENT_MASK,
  HEADER_TSC_BIT,
  MAX_RECORD_WORDS,
  recordWords,
} from '../schema/xentrace-records.js';
import type { ByteSource } from './byte-source.js';

const BLOCK = 1 << 16;
const MAX_RECORD = MAX_RECORD_WORDS * 4;
/** Records in a row that are taken for records where nothing else says so. */
const CHAIN = 4;
/** The classes of records: TRC_GEN to TRC_HW, and TRC_GUEST (docs/xen.md#record-framing). */
const CLASSES = 0x8ff;
/** No record of Xen has subclass 0. */
const SUBCLASS = 0xf000;
/** TSCs of one window are not further apart than this, in their high words: some hours. */
const MAX_JUMP = 1 << 13;

export interface Walk {
  /** Where it ended: at `to`, or at the first byte that is no record. */
  readonly reach: number;
  /** Where the last record begins. */
  readonly last: number;
  /** True if a record ends at the mark. */
  readonly hitMark: boolean;
  readonly records: number;
}

/** True if records of Xen begin with such a word; the start of a window is none. */
export function isRecordHeader(header: number): boolean {
  const eventClass = (header & EVENT_MASK) >>> 16;
  const isOne = eventClass !== 0 && (eventClass & (eventClass - 1)) === 0;
  return isOne && (header & SUBCLASS) !== 0 && (eventClass & CLASSES) !== 0 && header !== CPU_CHANGE_HEADER;
}

/**
 * Goes from record to record as long as they look like records of one pcpu: each of one class that Xen has, with a TSC
 * that is not before the last. Only damaged captures are read so carefully.
 */
export function walkRecords(source: ByteSource, from: number, to: number, mark = -1, most = Infinity): Walk {
  const limit = Math.min(to, source.size);
  let at = from;
  let hitMark = at === mark;
  let records = 0;
  let last = from;
  let [low, high] = [0, 0];
  while (at < limit && records < most) {
    const bytes = source.bytes(at, Math.min(BLOCK, limit - at));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const isLast = at + bytes.length === limit;
    let pos = 0;
    while (pos + 4 <= bytes.length && records < most) {
      const header = view.getUint32(pos, true);
      const next = pos + recordWords(header) * 4;
      if (!isRecordHeader(header)) return { reach: at + pos, last, hitMark, records };
      if (next > bytes.length) break;
      if (header >= HEADER_TSC_BIT) {
        const [tsc, tscHigh] = [view.getUint32(pos + 4, true), view.getUint32(pos + 8, true)];
        const isJump = high + low > 0 && tscHigh > high + MAX_JUMP;
        if (isJump || tscHigh < high || (tscHigh === high && tsc < low))
          return { reach: at + pos, last, hitMark, records };
        [low, high] = [tsc, tscHigh];
      }
      last = at + pos;
      pos = next;
      records++;
      if (at + pos === mark) hitMark = true;
    }
    at += pos;
    if (isLast || pos === 0) break;
  }
  return { reach: at, last, hitMark, records };
}

/**
 * Offset of the first byte from `from` on that begins a few records in a row, or all that is left; -1 if there is none
 * before `to`.
 */
export function findRecords(source: ByteSource, from: number, to: number): number {
  for (let at = from; at < to; ) {
    const bytes = source.bytes(at, Math.min(BLOCK, source.size - at));
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const heads: number[] = [];
    let pos = 0;
    for (; pos + 4 <= bytes.length && at + pos < to; pos++) {
      if (isRecordHeader(view.getUint32(pos, true))) heads.push(at + pos);
    }
    // The view is gone once the source is asked for more.
    for (const head of heads) {
      const { reach, records } = walkRecords(source, head, head + CHAIN * MAX_RECORD, -1, CHAIN);
      if (records === CHAIN || (records > 0 && reach === source.size)) return head;
    }
    if (pos === 0) break;
    at += pos;
  }
  return -1;
}
