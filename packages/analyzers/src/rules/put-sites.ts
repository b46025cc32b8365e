import type { BreachRule, RoleOf } from '@p2mtrace/replayer';
import { witnessColumn } from '@p2mtrace/replayer';
import { REFERENCE_PUTS } from '../sql/reference-puts.js';

const breachesOf = (rule: BreachRule, column: string) =>
  `select ${column} from named_breaches where breach = '${rule}'`;

/**
 * Joins `usual`: `site` is where most references are put that were taken at the same call site for the same purpose as the
 * one of a contradiction. Who forgets one shows by what others do.
 */
export const usualPut = (rule: BreachRule): string => `
  left join (
    select from_caller, through, arg_max(symbol, (n, symbol)) as site
    from (
      select r.from_caller, r.through, c.symbol, count(*) as n
      from ${REFERENCE_PUTS} r join callers c on c.id = r.to_caller
      where r.from_caller in (${breachesOf(rule, 'caller')}) and c.symbol is not null
      group by all)
    group by all
  ) usual on usual.from_caller = b.caller and usual.through is not distinct from b.through and not b.by_lock`;

/** Joins `last_put`: `site` is where the last reference of the page was put, up to one witness, or from it on. */
export const lastPut = <R extends BreachRule>(rule: R, when: '<=' | '>=', witness: RoleOf<R>): string => `
  left join (
    select p.breach_seq, p.mfn, arg_max(c.symbol, r.to_seq) as site
    from (${breachesOf(rule, `seq as breach_seq, mfn, generation, ${witnessColumn(rule, witness)} as witness`)}) p
    join ${REFERENCE_PUTS} r on r.mfn = p.mfn and r.generation = p.generation and r.to_seq ${when} p.witness
    join callers c on c.id = r.to_caller
    group by all
  ) last_put on last_put.breach_seq = b.seq and last_put.mfn = b.mfn`;
