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
  private readonly looksBefore: readonly (readonly Handler[])[];
  private readonly looksAfter: readonly (readonly Handler[])[];

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
    call(this.looksBefore[kind], batch, row);
  }

  /** The event has changed the state. */
  after(batch: ReplayBatch, row: number, kind: number): void {
    if (kind === K_SET_ENTRY && this.context.isRecordedTwice(batch, row)) return;
    call(this.looksAfter[kind], batch, row);
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

function byKind(handlers: readonly (Handlers | undefined)[]): readonly (readonly Handler[])[] {
  return KINDS.map(({ name }) => handlers.flatMap(each => each?.[name] ?? []));
}

function call(handlers: readonly Handler[], batch: ReplayBatch, row: number): void {
  for (let i = 0; i < handlers.length; i++) handlers[i](batch, row);
}
