import { fileCalls } from './file-calls.js';

/** Writes all buffers at this position of the file. @throws an error of the system */
export function writeFully(fd: number, buffers: readonly Uint8Array[], position: number): void {
  let rest = buffers.filter(({ length }) => length > 0);
  let at = position;
  while (rest.length > 0) {
    // Less than asked may be written; the next call then says why (a full disk).
    let written = fileCalls.writevSync(fd, rest, at);
    at += written;
    let whole = 0;
    while (whole < rest.length && written >= rest[whole].length) written -= rest[whole++].length;
    rest = rest.slice(whole).map((bytes, i) => (i === 0 ? bytes.subarray(written) : bytes));
  }
}
