import { usageError } from '@p2mtrace/trace-format';
import type { Finding, Occurrence } from '../findings/finding.js';

/** One occurrence of a finding. */
export interface FoundOccurrence {
  readonly finding: Finding;
  readonly occurrence: Occurrence;
  /** Its number, from 1, among the `of` occurrences with this signature. */
  readonly number: number;
  readonly of: number;
}

/**
 * The occurrence that a user names: id or signature of a finding, or the beginning of either, and `#n` for another
 * than the first.
 * @throws P2mError P2M_FINDING (usage) if there is none, or if several findings match
 */
export function findFinding(findings: readonly Finding[], name: string): FoundOccurrence {
  const [, text, index] = /^(.*?)(?:#(\d+))?$/s.exec(name.trim()) as RegExpExecArray;
  const found = matching(findings, text);
  const all = found.flatMap(finding => finding.occurrences.map(occurrence => ({ finding, occurrence })));
  const number = index === undefined ? 1 : Number(index);
  if (all[number - 1] !== undefined) return { ...all[number - 1], number, of: all.length };
  throw usageError(
    'P2M_FINDING',
    `there is no occurrence #${number} of ${found[0].signature}`,
    `it has #1 to #${all.length}`,
  );
}

/** The findings of the one signature that matches; an exact match takes precedence over a prefix. */
function matching(findings: readonly Finding[], text: string): Finding[] {
  const tests: ((finding: Finding) => boolean)[] = [
    ({ id, signature }) => id === text || signature === text,
    ({ id, signature }) => text !== '' && (id.startsWith(text) || signature.startsWith(text)),
  ];
  for (const test of tests) {
    const found = findings.filter(test);
    const signatures = new Set(found.map(({ signature }) => signature));
    if (signatures.size === 1) return found;
    if (signatures.size > 1) throw refusal(`several findings begin with ${text}`, found);
  }
  throw refusal(`the trace has no finding ${text}`, findings);
}

const LISTED = 10;

function refusal(what: string, findings: readonly Finding[]) {
  const names = [...new Set(findings.map(({ id, signature }) => `${id} ${signature}`))];
  const more = names.length > LISTED ? `\n  and ${names.length - LISTED} more (p2mtrace analyze)` : '';
  const list = names.slice(0, LISTED).join('\n  ');
  return usageError('P2M_FINDING', what, names.length === 0 ? 'p2mtrace analyze lists what it has' : list + more);
}
