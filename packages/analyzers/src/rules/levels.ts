export const SEVERITIES = ['error', 'warning', 'note'] as const;
export type Severity = (typeof SEVERITIES)[number];

/**
 * proven: the recorded events alone show it; likely: some state was inferred; possible: another interleaving
 * (docs/rules.md).
 */
export const CONFIDENCES = ['proven', 'likely', 'possible'] as const;
export type Confidence = (typeof CONFIDENCES)[number];
