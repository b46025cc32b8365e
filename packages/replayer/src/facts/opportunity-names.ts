import type { BreachRule } from './breach-table.js';

/**
 * What the M of "N of M" counts, for each mechanism of a rule: events at which the rule could have fired, in words that
 * go behind a number. A breach that names no mechanism is of its rule's first.
 */
export const OPPORTUNITIES = {
  'consistency.m2p-mismatch': { section: 'frames that a p2m section left changed' },
  'consistency.m2p-after-failed-set': { failure: 'writes of a host p2m that failed' },
  'consistency.partial-success': { write: 'writes in several pieces' },
  'consistency.misaligned-order': { write: 'writes of an order above 0' },
  'consistency.special-replaced': { write: 'writes over an entry of a special type' },
  'consistency.pod-accounting': {
    count: 'comparisons of a PoD cache with its count',
    cache: 'pages put into a PoD cache',
  },
  'consistency.pod-reclaim': { reclaim: 'pages put into a PoD cache' },
  'consistency.paging-state': { step: 'steps of the pager', take: 'pages that the pager nominated or evicted' },
  'consistency.sharing-invariant': { share: 'frames that were shared' },
  'consistency.grant-pairing': {
    unmap: 'unmaps of a grant',
    map: 'mappings of a grant',
    free: 'pages freed that a grant mapping had named',
  },
  'altp2m-sharing.unlisted-view': { entry: 'entries of views with a shared frame' },
  'altp2m-sharing.stale-view': { entry: 'host entries that were replaced in a domain with views' },
  'altp2m-sharing.unshare-not-shared': { unshare: 'unshares of a known entry' },
  'altp2m-sharing.nominate-references': { nominate: 'nominations of a page whose count is known' },
  'altp2m-sharing.remap-lost': { propagate: 'writes of a view over a remapped gfn' },
  'm2p-override.foreign-left': { remove: 'overrides removed' },
  'm2p-override.foreign-cleared': { clear: 'writes of the table of frames under an override' },
  'm2p-override.nested': { add: 'overrides added' },
  'm2p-override.frontend-lookup': { lookup: 'lookups of a frame that has an override' },
  'm2p-override.wrong-restore': { restore: 'overrides removed' },
  'lock-order.level': { acquire: 'acquisitions inside another mm lock' },
  'lock-order.read-inversion': { acquire: 'acquisitions inside a lock held for reading' },
  'lock-order.not-recursive': { acquire: 'acquisitions of locks that are not recursive' },
  'lock-order.upgrade': { acquire: 'acquisitions for writing' },
  'lock-order.release-not-held': { release: 'releases' },
  'lock-order.release-elsewhere': { release: 'releases' },
  'lock-order.out-of-order-release': { release: 'releases with several locks held' },
  'lock-order.held-at-end': { acquire: 'acquisitions' },
  'lock-order.long-hold': { release: 'locks held and released' },
  'gfn-range.overlap': { get: 'ranges taken' },
  'gfn-range.put-without-get': { put: 'gfns put' },
  'gfn-range.get-without-put': { get: 'gfns taken' },
  'gfn-range.unaligned': { get: 'ranges of an order above 0' },
  'gfn-range.split-critical-section': { write: 'writes behind a lookup of the same context' },
  'gfn-range.foreign-blocks': { write: 'writes over an entry with a foreign mapping' },
  'use-after-unmap.stale-translation': { use: 'uses of a frame behind a lookup' },
  'use-after-unmap.late-reference': { get: 'references taken behind a lookup' },
  'use-after-unmap.freed-while-mapped': { free: 'pages freed' },
  'use-after-unmap.use-after-free': { use: 'uses of a frame', map: 'frames mapped' },
  'use-after-unmap.given-while-mapped': { give: 'pages given to a domain' },
  'use-after-unmap.freed-before-flush': { free: 'pages freed whose entry was removed' },
  'use-after-unmap.unprotected-window': {
    get: 'references taken behind a lookup',
    use: 'uses of a frame behind a lookup',
  },
  'use-after-unmap.changed-while-referenced': { change: 'entries changed whose page is known' },
  'refcount.leak': { get: 'references taken' },
  'refcount.underflow': { put: 'references put' },
  'refcount.get-on-free': { get: 'references taken' },
  'refcount.double-alloc-drop': { drop: "drops of the allocation's reference" },
  'refcount.overflow': { get: 'references taken', type: 'type references taken' },
  'refcount.type-without-general': { get: 'type references taken' },
  'refcount.partial-reference': { partial: 'pages that became or ceased to be partial' },
  'refcount.freed-with-references': { free: 'pages freed whose count is known' },
  'refcount.freed-with-type': { free: 'pages freed whose type is known', give: 'pages given away whose type is known' },
} as const satisfies Record<BreachRule, Readonly<Record<string, string>>>;

/** A mechanism of the rule; of any rule where none is named. */
export type Mechanism<R extends BreachRule = BreachRule> = R extends BreachRule
  ? keyof (typeof OPPORTUNITIES)[R] & string
  : never;

/** All of them, as the column `mechanism` has them by index. */
export const MECHANISMS: readonly string[] = [
  ...new Set(Object.values(OPPORTUNITIES).flatMap(mechanisms => Object.keys(mechanisms))),
];

/** The mechanism of a breach that names none. */
export const firstMechanism = (rule: BreachRule): string => Object.keys(OPPORTUNITIES[rule])[0];
