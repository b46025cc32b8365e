import type { BreachRule, RoleOf } from '@p2mtrace/replayer';
import { witnessColumn } from '@p2mtrace/replayer';
import { REFERENCE_PUTS } from '../sql/reference-puts.js';

const breachesOf = (rule: BreachRule, column: string) =>
  `select ${column} from named_breaches where breach = '${rule}'`;

/**
 * Joins `usual`: `site` is where more than half of the references are put that were taken at the same call site for the
 * same purpose as the one of a contradiction, those included of which nobody knows. Who forgets one shows by what others
 * do; where they do this and that, it does not.
 */
export const usualPut = (rule: BreachRule): string => `
  left join (
    select from_caller, through, any_value(symbol) filter (2 * n > ended) as site
    from (select *, sum(n) over (partition by from_caller, through) as ended from (
      select r.from_caller, r.through, c.symbol, count(*) as n
      from ${REFERENCE_PUTS} r left join callers c on c.id = r.to_caller
      where r.from_caller in (${breachesOf(rule, 'caller')}) and r.to_seq is not null
      group by all))
    group by all
  ) usual on usual.from_caller = b.caller and usual.through is not distinct from b.through and not b.by_lock`;

/**
 * Joins `last_put`: `site` is where the last reference of the page was put, up to one witness, or from it on until the
 * contradiction showed. Where that put names nobody, no earlier one is named in its place.
 */
export const lastPut = <R extends BreachRule>(rule: R, when: '<=' | '>=', witness: RoleOf<R>): string => `
  left join (
    select p.breach_seq, p.mfn, arg_max({s: c.symbol}, r.to_seq).s as site
    from (${breachesOf(rule, `seq as breach_seq, mfn, generation, ${witnessColumn(rule, witness)} as witness`)}) p
    join ${REFERENCE_PUTS} r on r.mfn = p.mfn and r.generation = p.generation and r.to_seq ${when} p.witness
      and r.to_seq <= p.breach_seq
    left join callers c on c.id = r.to_caller
    group by all
  ) last_put on last_put.breach_seq = b.seq and last_put.mfn = b.mfn`;
