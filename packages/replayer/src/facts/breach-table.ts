/** What a rule of `breaches` carries. */
interface BreachShape {
  /** Of its witnesses, in the order of at1 to at5. */
  readonly roles: readonly string[];
  /** The cases it has, if several. */
  readonly details?: readonly string[];
  /**
   * What the M of "N of M" counts, for each mechanism of the rule: events at which it could have fired, in words that go
   * behind a number. A breach that names no mechanism is of the first.
   */
  readonly counts: Readonly<Record<string, string>>;
}

/** Roles of a lookup that was used after its entry had changed, and what changed it. */
const STALE_LOOKUP = {
  roles: ['lookup', 'unprotected', 'changed', 'used'],
  details: ['set_entry', 'page_free'],
} as const satisfies Omit<BreachShape, 'counts'>;

/**
 * Every rule whose contradictions a check of the replay finds. The check reports by these names, and the columns of the
 * rule's SQL come from here: what a witness is, and where it lies, is decided in this table alone.
 */
export const BREACH_TABLE = {
  'consistency.m2p-mismatch': {
    roles: ['entry', 'm2p'],
    counts: { section: 'frames that a p2m section left changed', cache: 'frames given back to a PoD cache' },
  },
  'consistency.m2p-after-failed-set': {
    roles: ['failed', 'm2p'],
    counts: { failure: 'writes of a host p2m that failed' },
  },
  'consistency.partial-success': { roles: ['succeeded', 'failed'], counts: { write: 'pieces of writes that failed' } },
  'consistency.misaligned-order': { roles: ['set'], counts: { write: 'writes of an order above 0' } },
  'consistency.special-replaced': {
    roles: ['special', 'replaced'],
    counts: { write: 'RAM entries written over another one' },
  },
  'consistency.pod-accounting': {
    roles: ['counted', 'mapped', 'special', 'cached'],
    details: ['count', 'mapped', 'special'],
    counts: { count: 'comparisons of a PoD cache with its count', cache: 'pages put into a PoD cache' },
  },
  'consistency.pod-reclaim': {
    roles: ['referenced', 'removed', 'deferred', 'looked', 'reclaimed'],
    details: ['referenced', 'not-restored', 'unflushed', 'looked-unflushed'],
    counts: {
      reclaim: 'frames whose entry became populate_on_demand, and reclaims',
      flush: 'reclaims of what a recorded write removed',
    },
  },
  'consistency.paging-state': {
    roles: ['referenced', 'before', 'step'],
    details: ['referenced', 'step'],
    counts: { step: 'steps of the pager', take: 'pages that the pager nominated or evicted' },
  },
  'consistency.sharing-invariant': {
    roles: ['shared', 'broken'],
    details: ['owner', 'type', 'count', 'm2p', 'entry', 'rmap'],
    counts: { share: 'shared frames that a section changed', unshare: 'gfns unshared' },
  },
  'consistency.grant-pairing': {
    roles: ['mapped', 'unmapped', 'unmapped_again', 'freed', 'mapped_again'],
    details: ['unmapped-again', 'mapped-again', 'freed'],
    counts: { unmap: 'unmaps of a grant', map: 'mappings of a grant', free: 'pages freed' },
  },
  'altp2m-sharing.unlisted-view': {
    roles: ['mapped', 'shared'],
    counts: { entry: 'entries of views with a shared frame' },
  },
  'altp2m-sharing.stale-view': {
    roles: ['mapped', 'changed'],
    details: ['copied', 'remapped'],
    counts: { entry: 'host entries that were replaced in a domain with views' },
  },
  'altp2m-sharing.unshare-not-shared': {
    roles: ['entry', 'unshare'],
    counts: { unshare: 'unshares of a known entry' },
  },
  'altp2m-sharing.nominate-references': {
    roles: ['counted', 'nominated'],
    counts: { nominate: 'nominations of a page whose count is known' },
  },
  'altp2m-sharing.remap-lost': {
    roles: ['remap', 'host_changed', 'overwritten'],
    counts: { propagate: 'writes of a view over a remapped gfn' },
  },
  'm2p-override.foreign-left': { roles: ['foreign_set', 'removed'], counts: { remove: 'last overrides removed' } },
  'm2p-override.foreign-cleared': {
    roles: ['override', 'cleared'],
    counts: { clear: 'pfns that ceased to be FOREIGN' },
  },
  'm2p-override.nested': { roles: ['override', 'nested'], counts: { add: 'overrides added' } },
  'm2p-override.frontend-lookup': {
    roles: ['override', 'lookup'],
    counts: { lookup: 'lookups of a frame that has an override' },
  },
  'm2p-override.wrong-restore': { roles: ['saved', 'restored'], counts: { restore: 'overrides removed' } },
  'lock-order.level': {
    roles: ['held', 'acquired', 'waited'],
    counts: { acquire: 'acquisitions inside another mm lock' },
  },
  'lock-order.read-inversion': {
    roles: ['held', 'acquired'],
    counts: { acquire: 'acquisitions of an mm lock inside another lock' },
  },
  'lock-order.not-recursive': {
    roles: ['acquired', 'acquired_again'],
    counts: { acquire: 'acquisitions of locks that are not recursive' },
  },
  'lock-order.upgrade': { roles: ['read', 'other_read', 'wanted'], counts: { acquire: 'acquisitions for writing' } },
  'lock-order.release-not-held': { roles: ['released', 'released_again'], counts: { release: 'releases' } },
  'lock-order.release-elsewhere': { roles: ['acquired', 'released'], counts: { release: 'releases' } },
  'lock-order.out-of-order-release': {
    roles: ['acquired', 'acquired_later', 'released'],
    counts: { release: 'releases with several locks held' },
  },
  'lock-order.held-at-end': { roles: ['acquired', 'switched'], counts: { acquire: 'acquisitions' } },
  'lock-order.long-hold': { roles: ['acquired', 'released'], counts: { release: 'locks held and released' } },
  'gfn-range.overlap': { roles: ['held', 'got'], counts: { get: 'ranges taken' } },
  'gfn-range.put-without-get': { roles: ['put_before', 'put'], counts: { put: 'gfns put' } },
  'gfn-range.get-without-put': { roles: ['got', 'switched'], counts: { get: 'gfns taken' } },
  'gfn-range.unaligned': { roles: ['unaligned'], counts: { get: 'ranges of an order above 0' } },
  'gfn-range.split-critical-section': {
    roles: ['lookup', 'unprotected', 'changed', 'set'],
    counts: { write: 'writes after a lookup of the same context' },
  },
  'gfn-range.foreign-blocks': {
    roles: ['mapped', 'refused', 'unmapped'],
    counts: { write: 'writes over an entry with a foreign mapping' },
  },
  'use-after-unmap.stale-translation': { ...STALE_LOOKUP, counts: { use: 'uses of a frame after a lookup' } },
  'use-after-unmap.late-reference': { ...STALE_LOOKUP, counts: { get: 'references taken after a lookup' } },
  'use-after-unmap.refused-reference': {
    ...STALE_LOOKUP,
    counts: { get: 'references taken, or refused, after a lookup' },
  },
  'use-after-unmap.freed-while-mapped': {
    roles: ['mapped', 'freed', 'p2m_used_later', 'lived_later', 'left_mapped'],
    details: ['own', 'foreign'],
    counts: { free: 'pages freed' },
  },
  'use-after-unmap.use-after-free': {
    roles: ['lookup', 'freed', 'reallocated', 'used'],
    counts: { use: 'uses of a frame', map: 'frames mapped' },
  },
  'use-after-unmap.unmapped-use': { roles: ['changed', 'used'], counts: { use: 'uses of a frame through a gfn' } },
  'use-after-unmap.given-while-mapped': { roles: ['mapped', 'given'], counts: { give: 'pages given to a domain' } },
  'use-after-unmap.freed-before-flush': {
    roles: ['deferred', 'removed', 'freed', 'given', 'pooled'],
    details: ['freed', 'given', 'pooled', 'table'],
    counts: {
      free: 'pages freed whose entry was removed',
      give: 'pages given away whose entry was removed',
      pool: 'pages put into a PoD cache whose entry was removed',
      table: 'pages without an owner freed under a p2m lock',
    },
  },
  'use-after-unmap.unprotected-window': {
    roles: ['lookup', 'unprotected', 'used'],
    counts: { get: 'references taken after a lookup', use: 'uses of a frame after a lookup' },
  },
  'use-after-unmap.changed-while-referenced': {
    roles: ['referenced', 'changed'],
    counts: { change: 'entries changed whose page is known' },
  },
  'refcount.leak': {
    roles: ['acquired', 'allocation_dropped', 'unmapped'],
    details: ['alive', 'torn-down', 'mapped', 'dying', 'zombie'],
    counts: { get: 'references taken' },
  },
  'refcount.type-leak': {
    roles: ['acquired', 'type_changed', 'allocation_dropped'],
    details: ['alive', 'torn-down', 'dying', 'zombie'],
    counts: { get: 'type references taken' },
  },
  'refcount.put-too-many': {
    roles: ['acquired', 'allocated', 'put_before', 'put'],
    details: ['allocation', 'earlier-generation'],
    counts: { put: 'references put whose count is known' },
  },
  'refcount.orphaned': {
    roles: ['unmapped', 'p2m_used_later'],
    counts: { unmap: 'pages of living domains that were mapped' },
  },
  'refcount.type-before-flush': {
    roles: ['flushed', 'writable_dropped', 'typed', 'used'],
    counts: { change: 'types taken of pages that were writable' },
  },
  'refcount.underflow': { roles: ['freed', 'put'], counts: { put: 'references put' } },
  'refcount.get-on-free': { roles: ['freed', 'get'], counts: { get: 'references taken' } },
  'refcount.double-alloc-drop': {
    roles: ['dropped', 'dropped_again'],
    counts: { drop: "drops of the allocation's reference" },
  },
  'refcount.overflow': {
    roles: ['reached', 'wrapped', 'peak'],
    details: ['limit', 'wrap', 'headroom', 'type-headroom'],
    counts: { get: 'references taken', type: 'type references taken' },
  },
  'refcount.type-without-general': {
    roles: ['type', 'count'],
    counts: { count: 'references put or type references taken whose count is known' },
  },
  'refcount.partial-reference': {
    roles: ['partial_set', 'partial_cleared'],
    counts: { partial: 'pages that became or ceased to be partial' },
  },
  'refcount.freed-with-references': {
    roles: ['counted', 'freed'],
    counts: { free: 'pages freed whose count is known' },
  },
  'refcount.freed-with-type': {
    roles: ['typed', 'freed', 'given'],
    details: ['freed', 'given'],
    counts: { free: 'pages freed whose type is known', give: 'pages given away whose type is known' },
  },
  'consistency.pod-entry-count': {
    roles: ['counted', 'moved', 'cached'],
    counts: { move: 'comparisons of a recorded entry_count with the one before' },
  },
  'consistency.flush-dropped': {
    roles: ['deferred', 'unlocked', 'next'],
    counts: { unlock: 'flushes that were due when the p2m lock was dropped' },
  },
  'consistency.type-widened': {
    roles: ['narrow', 'removed', 'widened'],
    counts: { remove: 'entries of read-only RAM that a section ended' },
  },
  'consistency.paged-while-referenced': {
    roles: ['referenced', 'taken'],
    counts: { take: 'mapped entries that became a type of the pager' },
  },
  'consistency.write-out-of-memory': { roles: ['failed'], counts: { write: 'writes with a result' } },
} as const satisfies Record<string, BreachShape>;

type Shapes = typeof BREACH_TABLE;

/** Id of a rule whose contradictions a check finds. */
export type BreachRule = keyof Shapes;
/** What a witness of a rule may be. */
export type RoleOf<R extends BreachRule> = Shapes[R]['roles'][number];
/** Which case of its rule a breach may be; never for a rule that has one. */
export type DetailOf<R extends BreachRule> = Shapes[R] extends { readonly details: readonly (infer D extends string)[] }
  ? D
  : never;

/** The ids, in the order of their indices in `breaches.breach`. */
export const BREACH_RULES = Object.keys(BREACH_TABLE) as readonly BreachRule[];

/** Roles of a rule's witnesses, in the order of at1 to at5. */
export const rolesOf = (rule: BreachRule): readonly string[] => BREACH_TABLE[rule].roles;

/** The column of `breaches` that has the witness of a role. */
export function witnessColumn<R extends BreachRule>(rule: R, role: RoleOf<R>): string {
  return `at${rolesOf(rule).indexOf(role) + 1}`;
}

/** The cases of all rules, in the order of their indices in `breaches.detail`. */
export const BREACH_DETAILS: readonly string[] = [
  ...new Set(Object.values<BreachShape>(BREACH_TABLE).flatMap(({ details = [] }) => details)),
];

/** How sure a check is (docs/rules.md). */
export const BREACH_CONFIDENCES = ['proven', 'likely', 'possible'] as const;
export type BreachConfidence = (typeof BREACH_CONFIDENCES)[number];
