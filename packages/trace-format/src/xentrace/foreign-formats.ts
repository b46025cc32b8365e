/** What a file is that is no capture, and what to do with it. */
export interface ForeignFormat {
  readonly what: string;
  readonly remedy: string;
}

const UNPACK = (command: string) => `unpack it: ${command} FILE | p2mtrace import - -o TRACE.arrow`;
const RECORD = 'p2mtrace reads captures of xentrace: xentrace -D -e 0x0014f000 FILE';

/** First bytes of files that somebody may take for a capture. */
const MAGICS: readonly (readonly [magic: readonly number[], what: string, remedy: string])[] = [
  [[0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], 'compressed with xz', UNPACK('xz -dc')],
  [[0x5d, 0x00, 0x00], 'compressed with lzma', UNPACK('xz -dc')],
  [[0x28, 0xb5, 0x2f, 0xfd], 'compressed with zstd', UNPACK('zstd -dc')],
  [[0x42, 0x5a, 0x68], 'compressed with bzip2', UNPACK('bzip2 -dc')],
  [[0x04, 0x22, 0x4d, 0x18], 'compressed with lz4', UNPACK('lz4 -dc')],
  [[0x1f, 0x8b], 'compressed with gzip', UNPACK('gzip -dc')],
  [[0x1f, 0x9d], 'compressed with compress', UNPACK('gzip -dc')],
  [[0x50, 0x4b, 0x03, 0x04], 'a zip archive', UNPACK('unzip -p')],
  [[0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c], 'a 7z archive', 'unpack it first'],
  [[...Buffer.from('ARROW1')], 'an Arrow file', 'a trace is used as it is: p2mtrace info FILE'],
  [[0xff, 0xff, 0xff, 0xff], 'an Arrow stream', 'a trace is used as it is: p2mtrace info FILE'],
  [[...Buffer.from('PAR1')], 'a Parquet file', 'import the capture that it was made from'],
  [[...Buffer.from('PERFILE2')], 'a recording of perf', RECORD],
  [[0x17, 0x08, 0x44, ...Buffer.from('tracing')], 'a recording of trace-cmd', RECORD],
  [[0xc1, 0x1f, 0xfc, 0xc1], 'a trace in CTF', RECORD],
  [[0xd4, 0xc3, 0xb2, 0xa1], 'a capture of network packets (pcap)', RECORD],
  [[0x0a, 0x0d, 0x0d, 0x0a], 'a capture of network packets (pcapng)', RECORD],
  [[0x7f, 0x45, 0x4c, 0x46], 'an ELF file (a program or a core dump)', RECORD],
];

/** Sizes of records that xentrace wrote before Xen 3.2, on a 32-bit and on a 64-bit dom0: pcpu, TSC, event, 5 words. */
const OLD_RECORDS = [36, 60];

/** The foreign format that these first bytes of a file show; undefined for none that is known. */
export function foreignFormat(head: Uint8Array): ForeignFormat | undefined {
  for (const [magic, what, remedy] of MAGICS) {
    if (magic.every((byte, i) => head[i] === byte)) return { what, remedy };
  }
  if (Buffer.from(head.subarray(257, 262)).toString('latin1') === 'ustar') {
    return { what: 'a tar archive', remedy: UNPACK('tar -xOf') };
  }
  if (OLD_RECORDS.some(size => isOldForm(head, size))) {
    return {
      what: 'in the form of fixed-size records that xentrace had before Xen 3.2',
      remedy: 'no Xen that p2mtrace knows writes it; record again with the xentrace of the running Xen',
    };
  }
  return undefined;
}

/** True if the head is a row of such records: a small pcpu, an event of one class, TSCs of a pcpu that rise. */
function isOldForm(head: Uint8Array, size: number): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const last = new Map<number, bigint>();
  let seen = 0;
  for (let at = 0; at + size <= head.length; at += size) {
    const [pcpu, tsc, event] = [
      view.getUint32(at, true),
      view.getBigUint64(at + 4, true),
      view.getUint32(at + 12, true),
    ];
    const eventClass = event >>> 16;
    if (pcpu >= 256 || eventClass === 0 || eventClass > 0x80 || (eventClass & (eventClass - 1)) !== 0) return false;
    if (tsc < (last.get(pcpu) ?? 0n)) return false;
    last.set(pcpu, tsc);
    seen++;
  }
  return seen >= 3;
}
