import {
  BREACH_CONFIDENCES,
  BREACH_RULES,
  BREACH_SPEC,
  type BreachRule,
  type FactStore,
  rolesOf,
  SYMBOL_SITES,
} from '@p2mtrace/replayer';
import { isValid, type TraceReader } from '@p2mtrace/trace-format';
import type { FoundOccurrence } from '../explain/find-finding.js';

/** Columns that depend on what came before the slice, or say where in it the breach is. */
const ELSEWHERE = new Set(['seq', 'at1', 'at2', 'at3', 'at4', 'at5', 'generation', 'expected']);
const SITES = new Set(['caller', 'held_caller']);
const KEY_COLUMNS = BREACH_SPEC.columns.map(({ name }) => name).filter(name => !ELSEWHERE.has(name));

/** True if a check of the replay finds what the rule tells. */
export const isChecked = (rule: string): rule is BreachRule => BREACH_RULES.some(one => one === rule);

/**
 * What an occurrence's breaches say in a slice, one text each: two of the same text make the same finding. Breaches
 * with other witnesses, or another confidence, are not its own. `seqOf` gives the seq in the original trace for one in the slice.
 * @throws P2mError P2M_DAMAGED
 */
export function breachKeys(
  slice: TraceReader,
  breaches: FactStore,
  rule: BreachRule,
  { finding: { confidence }, occurrence: { witness } }: Pick<FoundOccurrence, 'finding' | 'occurrence'>,
  seqOf: (seq: number) => number | undefined,
): string[] {
  const wanted = rolesOf(rule).map(role => witness.find(one => one.role === role)?.seq);
  const keys: string[] = [];
  let named: ReadonlySet<number> | undefined;
  for (const { rows, columns } of breaches.chunks(BREACH_SPEC)) {
    const seqs = [columns.at1, columns.at2, columns.at3, columns.at4, columns.at5];
    for (let row = 0; row < rows; row++) {
      if (columns.breach[row] !== BREACH_RULES.indexOf(rule)) continue;
      if (BREACH_CONFIDENCES[columns.confidence[row]] !== confidence) continue;
      if (!wanted.every((seq, i) => (seqs[i][row] >= 0 ? (seqOf(seqs[i][row]) ?? -1) : undefined) === seq)) continue;
      named ??= namedSites(slice);
      const sites = named;
      const parts = KEY_COLUMNS.map(name => {
        const value = columns[name][row];
        return SITES.has(name) && !sites.has(value) ? `${value}?` : value;
      });
      keys.push(parts.join(' '));
    }
  }
  return keys;
}

/** Call sites whose symbol some event tells. */
function namedSites(slice: TraceReader): ReadonlySet<number> {
  const named = new Set<number>();
  for (const info of slice.batches) {
    const { columns, validity } = slice.read(info, ['caller', 'symbol']);
    for (let row = 0; row < info.rows; row++) {
      if (!isValid(validity.symbol, row)) continue;
      named.add(isValid(validity.caller, row) ? columns.caller[row] : SYMBOL_SITES + columns.symbol[row]);
    }
  }
  return named;
}
