import { P2mError } from '@p2mtrace/trace-format/errors';

/** Compressed forms of inputs that are read as they are. */
export type CompressionName = 'gzip' | 'zstd' | 'xz';

const FORMS: Readonly<Record<CompressionName, { code: string; label: string; check: string }>> = {
  gzip: { code: 'P2M_GZIP', label: 'gzip', check: 'gzip -t' },
  zstd: { code: 'P2M_ZSTD', label: 'zstd file', check: 'zstd -t' },
  xz: { code: 'P2M_XZ', label: 'xz file', check: 'xz -t' },
};

/** What it is called in messages, behind "the" or "another". */
export const labelOf = (name: CompressionName): string => FORMS[name].label;

/** The compression that the first bytes of an input show. */
export function compressionOf(head: Uint8Array): CompressionName | undefined {
  if (head[0] === 0x1f && head[1] === 0x8b) return 'gzip';
  if (head[0] === 0xfd && Buffer.from(head.subarray(1, 6)).toString('latin1') === '7zXZ\0') return 'xz';
  // Tools that write frames in parallel put a skippable one in front.
  const isSkippable = (head[0] & 0xf0) === 0x50 && head[1] === 0x2a && head[2] === 0x4d && head[3] === 0x18;
  const isFrame = head[0] === 0x28 && head[1] === 0xb5 && head[2] === 0x2f && head[3] === 0xfd;
  return isFrame || isSkippable ? 'zstd' : undefined;
}

/** Compressed contents are not as they were written. */
export function damaged(name: CompressionName, why: string, file: string, byte?: number, cause?: unknown): P2mError {
  const { code, check } = FORMS[name];
  return new P2mError(code, `the compressed contents are damaged: ${why}`, {
    place: { file, ...(byte === undefined ? {} : { byte }) },
    remedy: `copy the file again; ${check} checks it`,
    cause,
  });
}

/** It is whole, but what it needs is not there. */
export function unsupported(name: CompressionName, what: string, file: string): P2mError {
  return new P2mError(FORMS[name].code, what, {
    place: { file },
    remedy: `unpack it: ${name} -dc${name === 'zstd' ? ' --long=31' : ''} FILE | p2mtrace import - -o TRACE.arrow`,
  });
}

/** Nothing of the contents came before the cut. */
export function cutAtOnce(name: CompressionName, file: string): P2mError {
  const { code, label, check } = FORMS[name];
  return new P2mError(code, `the ${label} was cut before its first byte of contents`, {
    place: { file },
    remedy: `copy the file again; ${check} checks it`,
  });
}

/** One compressed form in another. */
export function compressedTwice(outer: CompressionName, inner: CompressionName, file: string): P2mError {
  const what = outer === inner ? `another ${FORMS[inner].label}` : `compressed contents (${inner})`;
  return new P2mError(FORMS[outer].code, `the ${FORMS[outer].label} holds ${what}`, {
    place: { file },
    remedy: 'decompress it once',
  });
}

/** Tells that an input ends before it should; what came before is kept. */
export const cutNotice = (name: CompressionName, bytes: number): string =>
  `${FORMS[name].code}: the ${FORMS[name].label} was cut behind byte ${bytes}`;
