import type { RuleRow } from '../rules/define-analyzer.js';
import { CONFIDENCES, SEVERITIES } from '../rules/levels.js';
import type { BoundRule } from '../rules/rule-set.js';
import type { Finding, Opportunity } from './finding.js';
import { findingId } from './finding-id.js';
import { toOccurrence } from './occurrence.js';
import type { OpportunityCounts } from './opportunity-counts.js';

/** Out of how many a rule's findings are: counted by the checks of the replay, or by the rule's own query. */
export interface OutOf {
  readonly counts?: OpportunityCounts | undefined;
  readonly all?: Opportunity | undefined;
}

/** A finding whose opportunities are not known yet, and the call sites of its occurrences, -1 for unknown. */
export interface FindingGroup {
  readonly finding: Finding;
  readonly sites: Set<number>;
}

/** The rows of a rule as findings: those of one signature, confidence, severity and mechanism are occurrences of one. */
export function findingsOf(rule: BoundRule, rows: readonly RuleRow[], outOf: OutOf = {}): Finding[] {
  return [...findingGroups(rule, rows).values()].map(group => ({ ...group.finding, of: opportunityOf(group, outOf) }));
}

/** The same by what makes them one. */
export function findingGroups(rule: BoundRule, rows: readonly RuleRow[]): Map<string, FindingGroup> {
  const groups = new Map<string, FindingGroup>();
  for (const row of rows) {
    const confidence = CONFIDENCES.find(one => one === row.confidence) ?? rule.confidence;
    const severity = SEVERITIES.find(one => one === row.severity) ?? rule.severity;
    const signature = signatureOf(rule, row);
    const mechanism = typeof row.mechanism === 'string' ? row.mechanism : null;
    const key = `${signature} ${confidence} ${severity} ${mechanism}`;
    let group = groups.get(key);
    if (group === undefined) {
      const { id, analyzer, page = null, belief } = rule;
      const title = typeof row.title === 'string' ? row.title : rule.title;
      const finding = {
        id: findingId(signature),
        analyzer,
        rule: id,
        severity,
        confidence,
        signature,
        title,
        page,
        count: 0,
        of: null,
        mechanism,
        basis: belief?.basis ?? 'customary',
        incident: null,
        occurrences: [],
      };
      group = { finding, sites: new Set() };
      groups.set(key, group);
    }
    group.finding.count++;
    group.finding.occurrences.push(toOccurrence(row));
    group.sites.add(Number(row.caller ?? -1));
  }
  return groups;
}

/** Out of how many the occurrences are; null where that is not known. */
export function opportunityOf({ finding, sites }: FindingGroup, { counts, all }: OutOf): Opportunity | null {
  const { rule, mechanism, count } = finding;
  if (mechanism === null) return all !== undefined && all.times >= count ? all : null;
  return counts?.of(rule, mechanism, sites, count) ?? null;
}

/** A part that is null is none: what is not known of one breach would tell it from others of its kind. */
function signatureOf({ id }: BoundRule, row: RuleRow): string {
  const parts = Object.entries(row).filter(([name, value]) => name.startsWith('sig_') && value !== null);
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
