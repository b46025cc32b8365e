import type { BreachName } from './breach-names.js';

/**
 * What the M of "N of M" counts, for each mechanism of a rule: events at which the rule could have fired, in words that
 * go behind a number. A breach that names no mechanism is of its rule's first.
 */
export const OPPORTUNITIES = {
  'm2p-mismatch': { section: 'frames that a p2m section left changed' },
  'm2p-after-failed-set': { failure: 'writes of a host p2m that failed' },
  'partial-success': { write: 'writes in several pieces' },
  'misaligned-order': { write: 'writes of an order above 0' },
  'special-replaced': { write: 'writes over an entry of a special type' },
  'pod-accounting': { count: 'comparisons of a PoD cache with its count', cache: 'pages put into a PoD cache' },
  'pod-reclaim': { reclaim: 'pages put into a PoD cache' },
  'paging-state': { step: 'steps of the pager', take: 'pages that the pager nominated or evicted' },
  'sharing-invariant': { share: 'frames that were shared' },
  'grant-pairing': {
    unmap: 'unmaps of a grant',
    map: 'mappings of a grant',
    free: 'pages freed that a grant mapping had named',
  },
  'unlisted-view': { entry: 'entries of views with a shared frame' },
  'stale-view': { entry: 'host entries that were replaced in a domain with views' },
  'unshare-not-shared': { unshare: 'unshares of a known entry' },
  'nominate-references': { nominate: 'nominations of a page whose count is known' },
  'remap-lost': { propagate: 'writes of a view over a remapped gfn' },
  'foreign-left': { remove: 'overrides removed' },
  'foreign-cleared': { clear: 'writes of the table of frames under an override' },
  nested: { add: 'overrides added' },
  'frontend-lookup': { lookup: 'lookups of a frame that has an override' },
  'wrong-restore': { restore: 'overrides removed' },
  level: { acquire: 'acquisitions inside another mm lock' },
  'read-inversion': { acquire: 'acquisitions inside a lock held for reading' },
  'not-recursive': { acquire: 'acquisitions of locks that are not recursive' },
  upgrade: { acquire: 'acquisitions for writing' },
  'release-not-held': { release: 'releases' },
  'release-elsewhere': { release: 'releases' },
  'out-of-order-release': { release: 'releases with several locks held' },
  'held-at-end': { acquire: 'acquisitions' },
  'long-hold': { release: 'locks held and released' },
  overlap: { get: 'ranges taken' },
  'put-without-get': { put: 'gfns put' },
  'get-without-put': { get: 'gfns taken' },
  unaligned: { get: 'ranges of an order above 0' },
  'split-critical-section': { write: 'writes behind a lookup of the same context' },
  'foreign-blocks': { write: 'writes over an entry with a foreign mapping' },
  'stale-translation': { use: 'uses of a frame behind a lookup' },
  'late-reference': { get: 'references taken behind a lookup' },
  'freed-while-mapped': { free: 'pages freed' },
  'use-after-free': { use: 'uses of a frame', map: 'frames mapped' },
  'given-while-mapped': { give: 'pages given to a domain' },
  'freed-before-flush': { free: 'pages freed whose entry was removed' },
  'unprotected-window': { get: 'references taken behind a lookup', use: 'uses of a frame behind a lookup' },
  'changed-while-referenced': { change: 'entries changed whose page is known' },
  leak: { get: 'references taken' },
  underflow: { put: 'references put' },
  'get-on-free': { get: 'references taken' },
  'double-alloc-drop': { drop: "drops of the allocation's reference" },
  overflow: { get: 'references taken', type: 'type references taken' },
  'type-without-general': { get: 'type references taken' },
  'partial-reference': { partial: 'pages that became or ceased to be partial' },
  'freed-with-references': { free: 'pages freed whose count is known' },
  'freed-with-type': { free: 'pages freed whose type is known', give: 'pages given away whose type is known' },
} as const satisfies Record<BreachName, Readonly<Record<string, string>>>;

/** A mechanism of the rule; of any rule where none is named. */
export type Mechanism<R extends BreachName = BreachName> = R extends BreachName
  ? keyof (typeof OPPORTUNITIES)[R] & string
  : never;

/** All of them, as the column `mechanism` has them by index. */
export const MECHANISMS: readonly string[] = [
  ...new Set(Object.values(OPPORTUNITIES).flatMap(mechanisms => Object.keys(mechanisms))),
];

/** The mechanism of a breach that names none. */
export const firstMechanism = (rule: BreachName): string => Object.keys(OPPORTUNITIES[rule])[0];
