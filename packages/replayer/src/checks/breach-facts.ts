import {
  BREACH_CONFIDENCES,
  BREACH_DETAILS,
  BREACH_RULES,
  type BreachConfidence,
  type BreachRule,
  type DetailOf,
  type RoleOf,
  rolesOf,
} from '../facts/breach-table.js';
import { offsetsOf } from '../facts/fact-columns.js';
import { BREACH_SPEC } from '../facts/fact-specs.js';
import type { FactTable } from '../facts/fact-table.js';
import { firstMechanism, MECHANISMS, type Mechanism } from '../facts/opportunity-names.js';
import type { ReplayContext } from '../state/replay-context.js';

const BREACH = offsetsOf(BREACH_SPEC);
const AT = [BREACH.at1, BREACH.at2, BREACH.at3, BREACH.at4, BREACH.at5];

/** Columns that are numbers; the rest is set by names. */
type NumberColumn = Exclude<
  keyof typeof BREACH,
  'seq' | 'breach' | 'confidence' | 'detail' | 'mechanism' | `at${number}`
>;

/** The case, where the rule has several; it must be told then. */
type WithDetail<D> = [D] extends [never] ? { readonly detail?: never } : { readonly detail: D };

/** seqs of the witnesses of a rule by their roles. */
export type Witnesses<R extends BreachRule> = { readonly [Role in RoleOf<R>]?: number | undefined };

/**
 * A contradiction that a check found: what it is about, by the columns of `breaches`, and the events that show it.
 * What is absent, NaN or negative is null. pcpu and caller are those of the event of the moment if not given.
 */
export type Breach<R extends BreachRule> = Readonly<Partial<Record<NumberColumn, number>>> &
  WithDetail<DetailOf<R>> & {
    /** proven where absent. */
    readonly confidence?: BreachConfidence;
    /** Whose opportunities it is one of; the rule's first where absent. */
    readonly mechanism?: Mechanism<R>;
    readonly at: Witnesses<R>;
  };

/** A breach of whatever rule. */
interface Told extends Readonly<Partial<Record<NumberColumn, number>>> {
  readonly confidence?: BreachConfidence;
  readonly detail?: string;
  readonly mechanism?: string;
  readonly at: Readonly<Record<string, number | undefined>>;
}

/** Takes down what checks find. Breaches are rare, so that each may be an object. */
export class BreachFacts {
  private readonly table: FactTable<typeof BREACH_SPEC>;
  private readonly context: ReplayContext;

  constructor(context: ReplayContext) {
    this.context = context;
    this.table = context.factWriter.table(BREACH_SPEC);
  }

  /**
   * While records are being lost nothing contradicts anything (docs/replay.md), and nothing is taken down. Events that
   * may have come in another order prove nothing.
   */
  report<R extends BreachRule>(rule: R, found: Breach<R>): void {
    const { confidence = 'proven', detail, mechanism = firstMechanism(rule), at: witnesses, ...numbers }: Told = found;
    const { now, facts, losing, isOrdered, certainty } = this.context;
    if (losing.length > 0) return;
    const seqs = rolesOf(rule).map(role => witnesses[role] ?? Number.NaN);
    const isCertain = isOrdered && (confidence === 'possible' || (certainty?.areOrdered(seqs) ?? true));
    const at = this.table.open();
    const { records } = this.table;
    records[at + BREACH.seq] = now.seq;
    records[at + BREACH.breach] = BREACH_RULES.indexOf(rule);
    records[at + BREACH.confidence] = BREACH_CONFIDENCES.indexOf(isCertain ? confidence : 'possible');
    records[at + BREACH.mechanism] = MECHANISMS.indexOf(mechanism);
    if (detail !== undefined) records[at + BREACH.detail] = BREACH_DETAILS.indexOf(detail);
    const all = { pcpu: now.pcpu, caller: facts?.site() ?? -1, ...numbers };
    for (const [name, value] of Object.entries(all)) {
      if (value >= 0) records[at + BREACH[name as NumberColumn]] = value;
    }
    seqs.forEach((seq, i) => {
      if (seq >= 0) records[at + AT[i]] = seq;
    });
    this.table.close(at);
  }
}
