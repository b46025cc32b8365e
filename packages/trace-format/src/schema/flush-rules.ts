/**
 * What ensures, by release, that no TLB has an old translation of a page that is reused (docs/xen.md#deferred-flush).
 * A p2m may defer a flush of CPU TLBs until after its page went back to the domheap, if the allocator makes up for it:
 * free_heap_pages() stamps a page that had an owner (need_tlbflush, tlbflush_timestamp), and alloc_heap_pages() flushes
 * the CPUs that have not flushed since (filtered_flush_tlb_mask()). Pages without an owner get no stamp, other pools
 * (PoD cache, paging pool) do not check it, and IOTLBs are not flushed by it.
 */
export interface FlushRule {
  /** First and last minor release of Xen 4 for which it holds; absent if it has no end. */
  readonly from: number;
  readonly to?: number;
  /** Paging modes whose p2m defers CPU flushes until its outermost unlock; all others flush at once. */
  readonly deferring: readonly ('ept' | 'npt')[];
  /** Where this is documented. */
  readonly source: string;
}

export const FLUSH_RULES: readonly FlushRule[] = [
  { from: 0, to: 6, deferring: [], source: 'ept_set_entry(), hap_write_p2m_entry(), shadow: all flush at once' },
  {
    from: 7,
    to: 21,
    deferring: ['ept'],
    source:
      '09fc40ed30 "x86/ept: defer the invalidation until the p2m lock is released" (April 2016); p2m.h, tlb_flush',
  },
  {
    from: 22,
    deferring: ['ept', 'npt'],
    source: 'e1604ea827 "x86/hap: Defer NPT P2M TLB flushes" (March 2026); p2m.h, tlb_flush',
  },
];

/**
 * A page may be freed to the domheap before the CPU flush that a p2m has put off: where p2ms put them off, they rely on
 * the allocator, in that release and all later ones. Undefined where the version is unknown, or a range such as
 * `<=4.17` of which only a part does so.
 */
export function allocatorFlushes(version: string | undefined): boolean | undefined {
  const match = /^(?:>=)?4\.(\d+)/.exec(version ?? '');
  if (match === null) return undefined;
  const minor = Number(match[1]);
  const rule = FLUSH_RULES.find(({ from, to = Number.POSITIVE_INFINITY }) => minor >= from && minor <= to);
  return rule === undefined ? undefined : rule.deferring.length > 0;
}
