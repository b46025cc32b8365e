import { isRecorded, KINDS, type KindName } from '@p2mtrace/trace-format';
import type { Handler } from '../batch/handlers.js';
import type { BreachRule } from '../facts/breach-table.js';
import type { FactRecorder } from '../facts/fact-recorder.js';
import type { CheckOptions, TraceHead } from '../replay-options.js';
import type { P2mSet } from '../state/p2m-set.js';
import type { EntryOf, ReplayContext } from '../state/replay-context.js';
import type { XenState } from '../state/xen-state.js';
import { BreachFacts } from './breach-facts.js';
import type { AnyCheck } from './check.js';
import { Opportunities } from './opportunities.js';
import { RelinquishedTypes } from './relinquished-types.js';
import type { RunningCheck } from './running-check.js';
import type { Section } from './section.js';
import { SectionChanges } from './section-changes.js';
import { Sections } from './sections.js';

/** What the checks of a replay look at. */
export interface CheckedReplay {
  readonly state: XenState;
  readonly context: ReplayContext;
  readonly facts: FactRecorder;
  readonly p2ms: P2mSet;
  readonly head: TraceHead;
  readonly options: CheckOptions;
}

/** The checks of a replay, and who of them looks at which kind. */
export class Checks {
  private readonly context: ReplayContext;
  private readonly sections: Sections;
  private readonly opportunities: Opportunities;
  private readonly checks: readonly RunningCheck[];
  private readonly looksAtSections: readonly ((section: Section) => void)[];
  /** Takes down what an event changes before anybody looks, and before it ends the section. */
  private readonly changes: SectionChanges;

  constructor(chosen: readonly AnyCheck[], { state, context, facts, p2ms, head, options }: CheckedReplay) {
    this.context = context;
    const breaches = new BreachFacts(context);
    this.opportunities = new Opportunities(context);
    this.sections = new Sections(context, head, section => {
      for (const look of this.looksAtSections) look(section);
    });
    let relinquished: RelinquishedTypes | undefined;
    const tools = {
      state,
      p2ms,
      now: context.now,
      head,
      options,
      records: (...kinds: KindName[]) => kinds.some(kind => isRecorded(head.metadata, kind)),
      isOrdered: context.isOrdered,
      earlierPuts: (mfn: number) => context.certainty?.earlierPuts(context.now.seq, mfn) ?? 0,
      isSurelyAfter: (seq: number) => context.certainty?.areOrdered([seq, context.now.seq]) ?? true,
      mayBeRemoved: (entry: EntryOf) => context.certainty?.mayBeRemovedBefore(context.now.seq, entry) ?? false,
      sections: this.sections,
      facts,
      lockFacts: facts.locks,
      site: () => facts.site(),
      relinquishedTypes: () => {
        relinquished ??= new RelinquishedTypes(state);
        return relinquished;
      },
    };
    const started = chosen.map(check => check.start(tools, breaches, this.opportunities));
    // What the others ask of it is up to date when they look.
    this.checks = relinquished === undefined ? started : [relinquished, ...started];
    this.looksAtSections = this.checks.flatMap(check => check.sectionEnd ?? []);
    this.changes = new SectionChanges(context, p2ms, this.sections);
  }

  /** By kind: `change`, with the checks that look before the event changes the state and after it has. */
  around(changes: readonly (Handler | undefined)[]): readonly Handler[] {
    const { context, sections } = this;
    const usesSections = this.looksAtSections.length > 0;
    const pass: Handler[] = usesSections ? [(batch, row) => sections.pass(batch, row)] : [];
    const all: RunningCheck[] = usesSections ? [this.changes, sections, ...this.checks] : [...this.checks];
    return KINDS.map(({ name }, kind) => {
      const change = changes[kind] ?? [];
      const before = all.flatMap(check => check.before?.[name] ?? []);
      const after = all.flatMap(check => check.after?.[name] ?? []);
      const step = inOrder(name, [...pass, ...before].concat(change, after));
      if (name !== 'set_entry') return step;
      const unseen = inOrder('set_entry_attempt', [change].flat());
      return (batch, row) => (context.isRecordedTwice(batch, row) ? unseen(batch, row) : step(batch, row));
    });
  }

  /** What was counted so far. */
  forEachOpportunity(visit: (rule: BreachRule, mechanism: string, caller: number, times: number) => void): void {
    this.opportunities.forEach(visit);
  }

  /** The trace ends. */
  end(): void {
    this.sections.end();
    for (const check of this.checks) check.end?.();
    this.opportunities.end();
  }

  /** Records of a pcpu were lost; -1: of any. */
  forget(pcpu: number): void {
    this.sections.forget();
    for (const check of this.checks) check.forget?.(pcpu);
  }

  forgetDomain(domid: number): void {
    for (const check of this.checks) check.forgetDomain?.(domid);
  }
}

/**
 * Calls all of them. A loop would call whom it does not know; code of its own for each kind calls the same functions
 * all the time, so that the engine puts them together. The name makes it code of its own: functions of the same text
 * share what the engine learns of their calls.
 */
function inOrder(name: string, handlers: readonly Handler[]): Handler {
  const names = handlers.map((_, i) => `handler${i}`);
  const calls = names.map(handler => `${handler}(batch, row);`).join(' ');
  return new Function(...names, `return function ${name}(batch, row) { ${calls} };`)(...handlers);
}
