import { BREACH_TABLE, type BreachRule } from '@p2mtrace/replayer';
import type { RuleRow } from '../rules/define-analyzer.js';
import type { Opportunity } from './finding.js';

/** Stands for all call sites where nothing was broken. */
const ELSEWHERE = -2;

/** Counts by call site, -1 for unknown; those where nothing was broken are one row of each mechanism. */
export const OPPORTUNITIES_SQL = `
  with broken as (select distinct b.breach::varchar as name, coalesce(b.caller, -1) as site from breaches b),
  counted as (select o.rule::varchar as rule, o.mechanism::varchar as mechanism, coalesce(o.caller, -1) as site, o.times
    from opportunities o)
  select c.rule, c.mechanism, coalesce(b.site, ${ELSEWHERE}) as caller, sum(c.times)::double as times
  from counted c left join broken b on b.name = c.rule and b.site = c.site
  group by all`;

/** How often rules could have fired in a trace, by mechanism and call site. */
export class OpportunityCounts {
  /** By rule and mechanism, then by call site. */
  private readonly counts = new Map<string, Map<number, number>>();

  constructor(rows: readonly RuleRow[]) {
    for (const { rule, mechanism, caller, times } of rows) {
      const name = `${rule} ${mechanism}`;
      const sites = this.counts.get(name) ?? new Map<number, number>();
      const site = Number(caller);
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
