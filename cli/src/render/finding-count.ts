import type { Finding } from '@p2mtrace/analyzers';
import { counted } from './cell.js';

/**
 * `1 finding (37 occurrences)`. All commands count alike: a finding is a rule with one signature, an occurrence one time
 * that it fired. Where each fired once, that is not said.
 */
export function findingCount(findings: readonly Pick<Finding, 'count'>[], noun = 'finding'): string {
  const occurrences = findings.reduce((sum, { count }) => sum + count, 0);
  const more = occurrences === findings.length ? '' : ` (${counted(occurrences, 'occurrence')})`;
  return `${counted(findings.length, noun)}${more}`;
}
