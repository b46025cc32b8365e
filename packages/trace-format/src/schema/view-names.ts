/**
 * Name of a view as the extension records it: the p2m's class (0 host, 1 nested, 2 alternate: enum p2m_class in Xen's
 * p2m.h) from bit 10 up, its index below (docs/format.md#the-extension).
 */
export function viewName(word: number): string {
  if (word === 0) return 'host';
  const [kind, index] = [word >>> 10, word & 0x3ff];
  return kind === 1
    ? `nested:${index}`
    : kind === 2
      ? `altp2m:${index}`
      : kind === 0
        ? `host:${index}`
        : `view:${word}`;
}
