import { P2mError } from '../errors.js';
import { CPU_CHANGE_BYTES, CPU_CHANGE_HEADER } from '../schema/xentrace-records.js';

/** The start of a window: which pcpu, and how many bytes of records follow. */
export interface WindowHeader {
  readonly pcpu: number;
  readonly bytes: number;
}

/** No Xen has more pcpus, so a header that claims more is damage. */
const MAX_PCPU = 4096;

/** Decodes a window header (docs/xen.md#windows-and-order); undefined if it is none. */
export function windowHeader(words: Uint32Array, at = 0): WindowHeader | undefined {
  if (words[at] !== CPU_CHANGE_HEADER) return undefined;
  const [pcpu, bytes] = [words[at + 1], words[at + 2]];
  return pcpu < MAX_PCPU ? { pcpu, bytes } : undefined;
}

/** Checks the first words of an input. @throws P2mError P2M_ENDIAN, P2M_NOT_XENTRACE */
export function checkCaptureHead(words: Uint32Array, file: string): void {
  if (words.length >= CPU_CHANGE_BYTES / 4 && windowHeader(words) !== undefined) return;
  if (words.length >= 1 && words[0] === 0x03f0_0120) {
    throw new P2mError('P2M_ENDIAN', 'the capture is big-endian', {
      place: { file, byte: 0 },
      remedy: 'Xen writes traces in host order and its x86 and Arm are little-endian; was the file converted?',
    });
  }
  throw new P2mError('P2M_NOT_XENTRACE', 'the input does not start with a window of xentrace (CPU_CHANGE record)', {
    place: { file, byte: 0 },
    remedy:
      'captures are made with: xentrace -D -e 0x0014f000 FILE; NDJSON files end in .ndjson or need --format ndjson',
  });
}
