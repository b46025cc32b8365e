import type { TraceReader } from '@p2mtrace/trace-format';
import {
  BREACH_CONFIDENCES,
  BREACH_DETAILS,
  BREACH_RULES,
  BREACH_SPEC,
  type BreachRule,
  FactStore,
  replayTrace,
} from '../../src/index.js';

/**
 * What the checks find in a trace, each as `CONFIDENCE RULE DETAIL at SEQ, SEQ`: the rule without its analyzer, the
 * witnesses that there are in the order of their places.
 */
export function breachesOf(reader: TraceReader): string[] {
  const store = new FactStore(['breaches']);
  replayTrace(reader, { facts: store });
  return store.chunks(BREACH_SPEC).flatMap(({ rows, columns: c }) =>
    Array.from({ length: rows }, (_, row) => {
      const witnesses = [c.at1, c.at2, c.at3, c.at4, c.at5].map(at => at[row]).filter(seq => !Number.isNaN(seq));
      const detail = c.detail[row] < 0 ? '' : ` ${BREACH_DETAILS[c.detail[row]]}`;
      return `${BREACH_CONFIDENCES[c.confidence[row]]} ${BREACH_RULES[c.breach[row]].split('.')[1]}${detail} at ${witnesses.join(', ')}`;
    }),
  );
}

/** The gfns of what the check of a rule finds, NaN for none. */
export function breachGfns(reader: TraceReader, rule: BreachRule): number[] {
  const store = new FactStore(['breaches']);
  replayTrace(reader, { facts: store, checks: { rules: [rule] } });
  return store.chunks(BREACH_SPEC).flatMap(({ columns }) => [...columns.gfn]);
}
