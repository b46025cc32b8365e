/** Small captures made by hand, as docs/xen.md#record-framing describes them. */

const CPU_CHANGE = 0x2001_f003;

/** A window: its header, and the words of its records. */
export function xentraceWindow(pcpu: number, words: readonly number[], claimedBytes = words.length * 4): number[] {
  return [CPU_CHANGE, pcpu, claimedBytes, ...words];
}

/**
 * SET_P2M_ENTRY (0x0010f004) without TSC: u64 gfn, u64 mfn, u32 type, u16 domid and u16 order
 * (docs/xen.md#mem-records).
 */
export function setP2mEntry(domid: number, gfn: number, mfn: number, type = 0, order = 0): number[] {
  return [0x6010_f004, gfn, 0, mfn, 0, type, domid | (order << 16)];
}

/** The bytes of these words, in the byte order of x86 or the other. */
export function captureBytes(words: readonly number[], isLittleEndian = true): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(words.length * 4));
  words.forEach((word, i) => {
    bytes.setUint32(i * 4, word, isLittleEndian);
  });
  return new Uint8Array(bytes.buffer);
}

/** Two pcpus with two writes each. */
export const SMALL = [
  ...xentraceWindow(0, [...setP2mEntry(1, 0x10, 0x100), ...setP2mEntry(1, 0x11, 0x101)]),
  ...xentraceWindow(1, [...setP2mEntry(1, 0x20, 0x200), ...setP2mEntry(1, 0x21, 0x201)]),
];
