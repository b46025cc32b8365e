import { BREACH_TABLE, type BreachRule } from './breach-table.js';

/** A mechanism of the rule; of any rule where none is named. */
export type Mechanism<R extends BreachRule = BreachRule> = R extends BreachRule
  ? keyof (typeof BREACH_TABLE)[R]['counts'] & string
  : never;

/** All of them, as the column `mechanism` has them by index. */
export const MECHANISMS: readonly string[] = [
  ...new Set(Object.values(BREACH_TABLE).flatMap(({ counts }) => Object.keys(counts))),
];

/** The mechanism of a breach that names none. */
export const firstMechanism = (rule: BreachRule): string => Object.keys(BREACH_TABLE[rule].counts)[0];
