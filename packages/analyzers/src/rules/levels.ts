export const SEVERITIES = ['error', 'warning', 'note'] as const;
export type Severity = (typeof SEVERITIES)[number];

/** proven: the recorded events alone show it; likely: some state was inferred; possible: another interleaving (model §5). */
export const CONFIDENCES = ['proven', 'likely', 'possible'] as const;
export type Confidence = (typeof CONFIDENCES)[number];
