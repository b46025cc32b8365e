import { isRecorded, KIND, KINDS, type KindName } from '@p2mtrace/trace-format';
import { BREACH_SPEC } from '../fact-specs.js';
import type { Handler, Handlers } from '../handlers.js';
import type { P2mSet } from '../p2m-set.js';
import type { ReplayBatch } from '../replay-batch.js';
import type { ReplayContext, TraceHead } from '../replay-context.js';
import type { Replayer, ReplayOptions } from '../replayer.js';
import { type Breach, BreachFacts } from './breach-facts.js';
import type { Check, CheckOptions } from './check.js';
import { CHECKS } from './registry.js';
import { RelinquishedTypes } from './relinquished-types.js';
import type { Section } from './section.js';
import { SectionChanges } from './section-changes.js';
import { Sections } from './sections.js';

const K_SET_ENTRY = KIND.set_entry;

/** All checks of a replay, and who of them looks at which kind. */
export class Checks {
  private readonly context: ReplayContext;
  private readonly sections: Sections;
  private readonly checks: readonly Check[];
  private readonly looksAtSections: readonly ((section: Section) => void)[];
  private readonly looksBefore: readonly (Handler | undefined)[];
  private readonly looksAfter: readonly (Handler | undefined)[];

  /** Absent where nobody wants to know of breaches. */
  static of(state: Replayer, context: ReplayContext, p2ms: P2mSet, head: TraceHead, options: ReplayOptions) {
    if (!context.factWriter.wants(BREACH_SPEC)) return undefined;
    return new Checks(state, context, p2ms, head, options.checks ?? {});
  }

  private constructor(state: Replayer, context: ReplayContext, p2ms: P2mSet, head: TraceHead, options: CheckOptions) {
    this.context = context;
    const breaches = new BreachFacts(context);
    this.sections = new Sections(context, head, section => {
      for (const look of this.looksAtSections) look(section);
    });
    const { sections } = this;
    const { now, isOrdered } = context;
    const records = (...kinds: KindName[]) => kinds.some(kind => isRecorded(head.metadata, kind));
    const report = (found: Breach) => breaches.report(found);
    const relinquished = new RelinquishedTypes(state);
    const scope = { state, p2ms, now, head, options, records, isOrdered, sections, relinquished, report };
    // What the others ask of it is up to date when they look.
    this.checks = [relinquished, ...CHECKS.map(make => make(scope))];
    this.looksAtSections = this.checks.flatMap(check => check.sectionEnd ?? []);
    // What an event changes is taken down before anybody looks, and before it ends the section.
    const all: Check[] = [new SectionChanges(context, p2ms, sections), sections, ...this.checks];
    this.looksBefore = byKind(all.map(check => check.before));
    this.looksAfter = byKind(all.map(check => check.after));
  }

  /** The event is about to change the state. */
  before(batch: ReplayBatch, row: number, kind: number): void {
    if (kind === K_SET_ENTRY && this.context.isRecordedTwice(batch, row)) return;
    this.sections.pass(batch, row);
    this.looksBefore[kind]?.(batch, row);
  }

  /** The event has changed the state. */
  after(batch: ReplayBatch, row: number, kind: number): void {
    if (kind === K_SET_ENTRY && this.context.isRecordedTwice(batch, row)) return;
    this.looksAfter[kind]?.(batch, row);
  }

  /** The trace ends. */
  end(): void {
    this.sections.end();
    for (const check of this.checks) check.end?.();
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

function byKind(handlers: readonly (Handlers | undefined)[]): readonly (Handler | undefined)[] {
  return KINDS.map(({ name }) => inOrder(handlers.flatMap(each => each?.[name] ?? [])));
}

/**
 * Calls all of them. A loop would call whom it does not know; code of its own for each kind calls the same functions
 * all the time, so that the engine puts them together.
 */
function inOrder(handlers: readonly Handler[]): Handler | undefined {
  if (handlers.length === 0) return undefined;
  const names = handlers.map((_, i) => `look${i}`);
  const calls = names.map(name => `${name}(batch, row);`).join(' ');
  return new Function(...names, `return (batch, row) => { ${calls} };`)(...handlers);
}
