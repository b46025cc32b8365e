import type { CurrentEvent } from '../batch/current-event.js';
import { BREACH_RULES, type BreachRule } from '../facts/breach-table.js';
import { offsetsOf } from '../facts/fact-columns.js';
import { OPPORTUNITY_SPEC } from '../facts/fact-specs.js';
import type { FactTable } from '../facts/fact-table.js';
import { MECHANISMS, type Mechanism } from '../facts/opportunity-names.js';
import { withRoom } from '../memory/frame-table.js';
import type { ReplayContext } from '../state/replay-context.js';

const OPPORTUNITY = offsetsOf(OPPORTUNITY_SPEC);

/**
 * Counts how often each rule could have fired: by its mechanism and the call site. What a rule finds is judged by that:
 * 37 of 20,030 is a defect, 20,000 of 20,030 is how this hypervisor works.
 */
export class Opportunities {
  private readonly context: ReplayContext;
  private readonly table: FactTable<typeof OPPORTUNITY_SPEC>;
  private readonly counters = new Map<string, OpportunityCounter>();

  constructor(context: ReplayContext) {
    this.context = context;
    this.table = context.factWriter.table(OPPORTUNITY_SPEC);
  }

  /** The counter of a rule's mechanism: the same one for all who ask. Ask once, not event by event. */
  of<R extends BreachRule>(rule: R, mechanism: Mechanism<R>): OpportunityCounter {
    const name = `${rule} ${mechanism}`;
    let counter = this.counters.get(name);
    if (counter === undefined) {
      counter = new OpportunityCounter(this.context, BREACH_RULES.indexOf(rule), MECHANISMS.indexOf(mechanism));
      this.counters.set(name, counter);
    }
    return counter;
  }

  /** What was counted so far, by rule, mechanism and call site (-1 for unknown). */
  forEach(visit: (rule: BreachRule, mechanism: string, caller: number, times: number) => void): void {
    for (const counter of this.counters.values()) {
      counter.forEach((caller, times) => {
        visit(BREACH_RULES[counter.rule], MECHANISMS[counter.mechanism], caller, times);
      });
    }
  }

  /** The trace ends: hands over what was counted. */
  end(): void {
    for (const counter of this.counters.values()) {
      counter.forEach((caller, times) => {
        const at = this.table.open();
        const { records } = this.table;
        records[at + OPPORTUNITY.rule] = counter.rule;
        records[at + OPPORTUNITY.mechanism] = counter.mechanism;
        records[at + OPPORTUNITY.caller] = caller;
        records[at + OPPORTUNITY.times] = times;
        this.table.close(at);
      });
    }
  }
}

/** Counts the events at which one mechanism of a rule could have fired. */
export class OpportunityCounter {
  readonly rule: number;
  readonly mechanism: number;
  private readonly context: ReplayContext;
  private readonly now: CurrentEvent;
  private readonly losing: readonly number[];
  /** By call site + 1: those of an unknown one come first. */
  private times = new Float64Array(256);

  constructor(context: ReplayContext, rule: number, mechanism: number) {
    this.context = context;
    this.now = context.now;
    this.losing = context.losing;
    this.rule = rule;
    this.mechanism = mechanism;
  }

  /** One more, at the call site of the event of the moment. Where nothing is a breach (BreachFacts), nothing counts. */
  count(): void {
    const { times } = this;
    const { caller } = this.now;
    if (caller >= 0 && caller + 1 < times.length && this.losing.length === 0) times[caller + 1]++;
    else this.countAt(this.context.facts?.site() ?? -1);
  }

  /** So many more, at that call site (-1 for unknown). */
  countAt(caller: number, times = 1): void {
    if (this.losing.length === 0) this.add(caller, times);
  }

  private add(caller: number, times: number): void {
    if (caller + 1 >= this.times.length) this.times = withRoom(this.times, caller + 2);
    this.times[caller + 1] += times;
  }

  /** Call sites that were counted. */
  forEach(visit: (caller: number, times: number) => void): void {
    this.times.forEach((times, at) => {
      if (times > 0) visit(at - 1, times);
    });
  }
}
