import { BREACH_TABLE, type BreachRule } from '@p2mtrace/replayer';
import type { RuleRow } from '../rules/define-analyzer.js';
import type { Opportunity } from './finding.js';

/** All rows of `opportunities`. */
export const OPPORTUNITIES_SQL = `
  select rule::varchar as rule, mechanism::varchar as mechanism, caller, times::double as times from opportunities`;

/** How often rules could have fired in a trace, by mechanism and call site. */
export class OpportunityCounts {
  /** By rule and mechanism, then by call site, -1 for unknown. */
  private readonly counts = new Map<string, Map<number, number>>();

  constructor(rows: readonly RuleRow[]) {
    for (const { rule, mechanism, caller, times } of rows) {
      const name = `${rule} ${mechanism}`;
      const sites = this.counts.get(name) ?? new Map<number, number>();
      const site = Number(caller ?? -1);
      sites.set(site, (sites.get(site) ?? 0) + Number(times));
      this.counts.set(name, sites);
    }
  }

  /**
   * Out of how many events that many breaches at these call sites are: those of the sites, or all of the trace where the
   * sites are not those that were counted. null where nobody counted.
   */
  of(rule: string, mechanism: string, sites: ReadonlySet<number>, breaches: number): Opportunity | null {
    const counted = this.counts.get(`${rule} ${mechanism}`);
    const what = wordsOf(rule, mechanism);
    if (counted === undefined || what === undefined) return null;
    let times = 0;
    for (const site of sites) times += counted.get(site) ?? 0;
    if (times >= breaches) return { times, what, at: 'site' };
    const all = this.all(rule, mechanism);
    return all < breaches ? null : { times: all, what, at: 'trace' };
  }

  /** In the whole trace; 0 where nobody counted. */
  all(rule: string, mechanism: string): number {
    let sum = 0;
    for (const times of this.counts.get(`${rule} ${mechanism}`)?.values() ?? []) sum += times;
    return sum;
  }
}

/** What a mechanism of a rule counts. */
export function wordsOf(rule: string, mechanism: string): string | undefined {
  const mechanisms: Readonly<Record<string, string>> | undefined = BREACH_TABLE[rule as BreachRule]?.counts;
  return mechanisms?.[mechanism];
}
