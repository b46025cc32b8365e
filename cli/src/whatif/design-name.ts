import type { LockDesign } from '@p2mtrace/replayer';

/** A design in a few words: `range-rw 2m convert`. */
export const designName = ({ discipline, granularity, upgrade }: Omit<LockDesign, 'fairness'>): string =>
  [discipline, granularity, upgrade].filter(part => part !== null).join(' ');
