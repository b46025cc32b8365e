import { isCustom } from '../findings/customs.js';
import type { Finding } from '../findings/finding.js';
import { type OpportunityCounts, wordsOf } from '../findings/opportunity-counts.js';
import { type FindingGroup, type OutOf, opportunityOf } from '../findings/row-findings.js';

/** Occurrences of a finding that are kept; all are counted. */
const MOST_OCCURRENCES = 256;

interface Kept extends FindingGroup {
  readonly key: string;
}

/** What the rules have found of a stream so far. Memory follows the number of different findings. */
export class LiveFindings {
  private readonly kept = new Map<string, Kept>();
  /** Occurrences by rule and mechanism. */
  private readonly counts = new Map<string, number>();
  /** Those that were told, by what makes them one. */
  private readonly told = new Set<string>();

  /** Occurrences since the last time. */
  add(groups: ReadonlyMap<string, FindingGroup>): void {
    for (const [key, { finding, sites }] of groups) {
      const name = mechanismOf(finding);
      this.counts.set(name, (this.counts.get(name) ?? 0) + finding.count);
      const kept = this.kept.get(key);
      if (kept === undefined) {
        const occurrences = finding.occurrences.slice(0, MOST_OCCURRENCES);
        this.kept.set(key, { key, finding: { ...finding, occurrences }, sites });
        continue;
      }
      const room = MOST_OCCURRENCES - kept.finding.occurrences.length;
      if (room > 0) kept.finding.occurrences.push(...finding.occurrences.slice(0, room));
      kept.finding.count += finding.count;
      for (const site of sites) kept.sites.add(site);
    }
  }

  /** The replay begins anew at the start of the stream: what was told stays told. */
  restart(): void {
    this.kept.clear();
    this.counts.clear();
  }

  /** Those that were not told before, of rules that are `decided`: they count as told now. */
  takeNew(decided: ReadonlySet<string>, outOf: (finding: Finding) => OutOf): Finding[] {
    const found: Finding[] = [];
    for (const group of this.kept.values()) {
      const { key, finding } = group;
      if (this.told.has(key) || !decided.has(finding.rule)) continue;
      const out = outOf(finding);
      const times = timesOf(finding, out);
      // Nearly always so: how this hypervisor works, and no defect.
      if (times !== undefined && isCustom(finding, this.counts.get(mechanismOf(finding)) ?? 0, times)) continue;
      this.told.add(key);
      found.push({ ...finding, of: opportunityOf(group, out), occurrences: [...finding.occurrences] });
    }
    return found;
  }

  /** All of these rules. */
  all(decided: ReadonlySet<string>, outOf: (finding: Finding) => OutOf): Finding[] {
    return [...this.kept.values()].flatMap(group =>
      decided.has(group.finding.rule)
        ? [
            {
              ...group.finding,
              of: opportunityOf(group, outOf(group.finding)),
              occurrences: [...group.finding.occurrences],
            },
          ]
        : [],
    );
  }
}

const mechanismOf = ({ rule, mechanism }: Finding): string => `${rule} ${mechanism}`;

function timesOf({ rule, mechanism }: Finding, { counts, all }: OutOf): number | undefined {
  return mechanism === null ? all?.times : counts?.all(rule, mechanism);
}

/** Opportunities of a finding's mechanism in the whole stream; undefined where nobody counted. */
export function allOf({ rule, mechanism }: Finding, counts: OpportunityCounts, all: OutOf['all']) {
  if (mechanism === null) return all;
  const what = wordsOf(rule, mechanism);
  return what === undefined ? undefined : { times: counts.all(rule, mechanism), what };
}
