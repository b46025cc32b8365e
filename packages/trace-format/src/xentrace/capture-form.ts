import { P2mError } from '../errors.js';
import { CPU_CHANGE_BYTES } from '../schema/xentrace-records.js';
import type { ByteSource } from './byte-source.js';
import { foreignFormat } from './foreign-formats.js';
import { findRecords, isRecordHeader, walkRecords } from './record-walk.js';
import { findWindowHeader, windowHeaderAt } from './windows.js';

/** Bytes that are searched for the next window, or the first. */
export const LOOKAHEAD = 1 << 25;
/** Records that make an input without windows a capture, if they are not all of it. */
const ENOUGH_RECORDS = 64;
/** Bytes of them that are looked at. */
const SAMPLE = 1 << 16;

/** `windows`: as xentrace writes them. `bare`: records of one pcpu with nothing around them. */
export type CaptureForm = 'windows' | 'bare';

/**
 * What the input is; undefined if more of it must be known. `pcpu`: the user says whose the records in no window are.
 * @throws P2mError P2M_ENDIAN, P2M_NOT_XENTRACE
 */
export function captureForm(source: ByteSource, file: string, pcpu: number | undefined): CaptureForm | undefined {
  if (source.size < CPU_CHANGE_BYTES && !source.ended) return undefined;
  if (windowHeaderAt(source, 0) !== undefined) return 'windows';
  const head = source.bytes(0, Math.min(source.size, 512));
  if (head.length >= 4 && new DataView(head.buffer, head.byteOffset).getUint32(0, true) === 0x03f0_0120) {
    throw new P2mError('P2M_ENDIAN', 'the capture is big-endian', {
      place: { file, byte: 0 },
      remedy: 'Xen writes traces in host order and its x86 and Arm are little-endian; was the file converted?',
    });
  }
  if (source.size < LOOKAHEAD + CPU_CHANGE_BYTES && !source.ended) return undefined;
  const foreign = foreignFormat(source.bytes(0, Math.min(source.size, 512)));
  if (foreign !== undefined) {
    throw new P2mError('P2M_NOT_XENTRACE', `the input is ${foreign.what}, no capture of xentrace`, {
      place: { file, byte: 0 },
      remedy: foreign.remedy,
    });
  }
  const first = findFirst(source);
  if (first >= 0) return pcpu === undefined ? 'windows' : 'bare';
  if (pcpu === undefined ? looksBare(source) : findRecords(source, 0, Math.min(source.size, LOOKAHEAD)) >= 0) {
    return 'bare';
  }
  throw new P2mError('P2M_NOT_XENTRACE', 'the input has neither windows nor records of xentrace', {
    place: { file, byte: 0 },
    remedy:
      'captures are made with: xentrace -D -e 0x0014f000 FILE; NDJSON files end in .ndjson or need --format ndjson',
  });
}

/** The first header that something like a window follows: four bytes alone may be chance. */
function findFirst(source: ByteSource): number {
  for (let at = 0; ; ) {
    const found = findWindowHeader(source, at, LOOKAHEAD);
    if (found < 0) return -1;
    const behind = found + CPU_CHANGE_BYTES;
    if (behind === source.size || windowHeaderAt(source, behind) !== undefined) return found;
    if (behind + 4 <= source.size) {
      const bytes = source.bytes(behind, 4);
      if (isRecordHeader(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true))) return found;
    }
    at = found + 1;
  }
}

function looksBare(source: ByteSource): boolean {
  const end = Math.min(source.size, SAMPLE);
  const { reach, records } = walkRecords(source, 0, end);
  return records > 0 && (reach === source.size || records >= ENOUGH_RECORDS);
}
