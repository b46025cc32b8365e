/** What a rule of `breaches` carries: the roles of its witnesses, in the order of at1 to at5, and the cases it has. */
interface BreachShape {
  readonly roles: readonly string[];
  readonly details?: readonly string[];
}

/** Roles of a lookup that was used after its entry had changed, and what changed it. */
const STALE_LOOKUP = {
  roles: ['lookup', 'unprotected', 'changed', 'used'],
  details: ['set_entry', 'page_free'],
} as const satisfies BreachShape;

/**
 * Every rule whose contradictions a check of the replay finds. The check reports by these names, and the columns of the
 * rule's SQL come from here: what a witness is, and where it lies, is decided in this table alone.
 */
export const BREACH_TABLE = {
  'consistency.m2p-mismatch': { roles: ['entry', 'm2p'] },
  'consistency.m2p-after-failed-set': { roles: ['failed', 'm2p'] },
  'consistency.partial-success': { roles: ['succeeded', 'failed'] },
  'consistency.misaligned-order': { roles: ['set'] },
  'consistency.special-replaced': { roles: ['special', 'replaced'] },
  'consistency.pod-accounting': {
    roles: ['counted', 'mapped', 'special', 'cached'],
    details: ['count', 'mapped', 'special'],
  },
  'consistency.pod-reclaim': {
    roles: ['referenced', 'removed', 'reclaimed'],
    details: ['referenced', 'not-restored'],
  },
  'consistency.paging-state': { roles: ['referenced', 'before', 'step'], details: ['referenced', 'step'] },
  'consistency.sharing-invariant': {
    roles: ['shared', 'broken'],
    details: ['owner', 'type', 'count', 'm2p', 'entry'],
  },
  'consistency.grant-pairing': {
    roles: ['mapped', 'unmapped', 'unmapped_again', 'freed', 'mapped_again'],
    details: ['unmapped-again', 'mapped-again', 'freed'],
  },
  'altp2m-sharing.unlisted-view': { roles: ['mapped', 'shared'] },
  'altp2m-sharing.stale-view': { roles: ['mapped', 'changed'], details: ['copied', 'remapped'] },
  'altp2m-sharing.unshare-not-shared': { roles: ['entry', 'unshare'] },
  'altp2m-sharing.nominate-references': { roles: ['counted', 'nominated'] },
  'altp2m-sharing.remap-lost': { roles: ['remap', 'host_changed', 'overwritten'] },
  'm2p-override.foreign-left': { roles: ['foreign_set', 'removed'] },
  'm2p-override.foreign-cleared': { roles: ['override', 'cleared'] },
  'm2p-override.nested': { roles: ['override', 'nested'] },
  'm2p-override.frontend-lookup': { roles: ['override', 'lookup'] },
  'm2p-override.wrong-restore': { roles: ['saved', 'restored'] },
  'lock-order.level': { roles: ['held', 'acquired'] },
  'lock-order.read-inversion': { roles: ['held', 'acquired'] },
  'lock-order.not-recursive': { roles: ['acquired', 'acquired_again'] },
  'lock-order.upgrade': { roles: ['read', 'other_read', 'wanted'] },
  'lock-order.release-not-held': { roles: ['released', 'released_again'] },
  'lock-order.release-elsewhere': { roles: ['acquired', 'released'] },
  'lock-order.out-of-order-release': { roles: ['acquired', 'acquired_later', 'released'] },
  'lock-order.held-at-end': { roles: ['acquired', 'switched'] },
  'lock-order.long-hold': { roles: ['acquired', 'released'] },
  'gfn-range.overlap': { roles: ['held', 'got'] },
  'gfn-range.put-without-get': { roles: ['put_before', 'put'] },
  'gfn-range.get-without-put': { roles: ['got', 'switched'] },
  'gfn-range.unaligned': { roles: ['unaligned'] },
  'gfn-range.split-critical-section': { roles: ['lookup', 'unprotected', 'set'] },
  'gfn-range.foreign-blocks': { roles: ['mapped', 'refused', 'unmapped'] },
  'use-after-unmap.stale-translation': STALE_LOOKUP,
  'use-after-unmap.late-reference': STALE_LOOKUP,
  'use-after-unmap.freed-while-mapped': {
    roles: ['mapped', 'freed', 'p2m_used_later'],
    details: ['own', 'foreign'],
  },
  'use-after-unmap.use-after-free': { roles: ['lookup', 'freed', 'reallocated', 'used'] },
  'use-after-unmap.given-while-mapped': { roles: ['mapped', 'given'] },
  'use-after-unmap.freed-before-flush': {
    roles: ['deferred', 'removed', 'freed', 'given'],
    details: ['freed', 'given'],
  },
  'use-after-unmap.unprotected-window': { roles: ['lookup', 'unprotected', 'used'] },
  'use-after-unmap.changed-while-referenced': { roles: ['referenced', 'changed'] },
  'refcount.leak': { roles: ['acquired', 'allocation_dropped'], details: ['alive', 'torn-down'] },
  'refcount.underflow': { roles: ['freed', 'put'] },
  'refcount.get-on-free': { roles: ['freed', 'get'] },
  'refcount.double-alloc-drop': { roles: ['dropped', 'dropped_again'] },
  'refcount.overflow': {
    roles: ['reached', 'wrapped', 'peak'],
    details: ['limit', 'wrap', 'headroom', 'type-headroom'],
  },
  'refcount.type-without-general': { roles: ['type', 'count'] },
  'refcount.partial-reference': { roles: ['partial_set', 'partial_cleared'] },
  'refcount.freed-with-references': { roles: ['counted', 'freed'] },
  'refcount.freed-with-type': { roles: ['typed', 'freed', 'given'], details: ['freed', 'given'] },
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
