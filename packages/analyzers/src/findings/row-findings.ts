import type { RuleRow } from '../rules/define-analyzer.js';
import { CONFIDENCES, SEVERITIES } from '../rules/levels.js';
import type { BoundRule } from '../rules/rule-set.js';
import type { Finding } from './finding.js';
import { findingId } from './finding-id.js';
import { toOccurrence } from './occurrence.js';

/** The rows of a rule as findings: those of one signature, confidence and severity are occurrences of one. */
export function findingsOf(rule: BoundRule, rows: readonly RuleRow[]): Finding[] {
  const groups = new Map<string, Finding>();
  for (const row of rows) {
    const confidence = CONFIDENCES.find(one => one === row.confidence) ?? rule.confidence;
    const severity = SEVERITIES.find(one => one === row.severity) ?? rule.severity;
    const signature = signatureOf(rule, row);
    const key = `${signature} ${confidence} ${severity}`;
    let finding = groups.get(key);
    if (finding === undefined) {
      const { id, analyzer, page = null } = rule;
      const title = typeof row.title === 'string' ? row.title : rule.title;
      finding = {
        id: findingId(signature),
        analyzer,
        rule: id,
        severity,
        confidence,
        signature,
        title,
        page,
        count: 0,
        occurrences: [],
      };
      groups.set(key, finding);
    }
    finding.count++;
    finding.occurrences.push(toOccurrence(row));
  }
  return [...groups.values()];
}

function signatureOf({ id }: BoundRule, row: RuleRow): string {
  const parts = Object.entries(row).filter(([name]) => name.startsWith('sig_'));
  return [id, ...parts.map(([name, value]) => `${name.slice(4)}=${String(value)}`)].join(' | ');
}

/** The worst first, then the surest, then the most frequent. */
export function worstFirst(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    CONFIDENCES.indexOf(a.confidence) - CONFIDENCES.indexOf(b.confidence) ||
    b.count - a.count ||
    (a.signature < b.signature ? -1 : 1)
  );
}
