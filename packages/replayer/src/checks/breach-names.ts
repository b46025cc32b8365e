/** What checks report, one name for each rule that reads it: the rule's own, without its analyzer. */
export const BREACHES = [
  'm2p-mismatch',
  'm2p-after-failed-set',
  'partial-success',
  'misaligned-order',
  'special-replaced',
  'pod-accounting',
  'pod-reclaim',
  'paging-state',
  'sharing-invariant',
  'grant-pairing',
  'unlisted-view',
  'stale-view',
  'unshare-not-shared',
  'nominate-references',
  'remap-lost',
  'foreign-left',
  'foreign-cleared',
  'nested',
  'frontend-lookup',
  'wrong-restore',
  'level',
  'read-inversion',
  'not-recursive',
  'upgrade',
  'release-not-held',
  'release-elsewhere',
  'out-of-order-release',
  'held-at-end',
  'long-hold',
  'overlap',
  'put-without-get',
  'get-without-put',
  'unaligned',
] as const;
export type BreachName = (typeof BREACHES)[number];

/** Which case of its rule a breach is, for rules that have several. */
export const BREACH_DETAILS = [
  'count',
  'mapped',
  'special',
  'referenced',
  'not-restored',
  'step',
  'owner',
  'type',
  'm2p',
  'entry',
  'unmapped-again',
  'mapped-again',
  'freed',
  'copied',
  'remapped',
  'bound',
  'median',
] as const;
export type BreachDetail = (typeof BREACH_DETAILS)[number];

/** How sure a check is (docs/rules.md). */
export const BREACH_CONFIDENCES = ['proven', 'likely', 'possible'] as const;
export type BreachConfidence = (typeof BREACH_CONFIDENCES)[number];
