/** What checks report, one name for each rule that reads it: the rule's own, without its analyzer. */
export const BREACHES = ['misaligned-order'] as const;
export type BreachName = (typeof BREACHES)[number];

/** Which case of its rule a breach is, for rules that have several. */
export const BREACH_DETAILS = ['count'] as const;
export type BreachDetail = (typeof BREACH_DETAILS)[number];

/** How sure a check is (docs/rules.md). */
export const BREACH_CONFIDENCES = ['proven', 'likely', 'possible'] as const;
export type BreachConfidence = (typeof BREACH_CONFIDENCES)[number];
