import { KINDS, type KindName, LAYOUT_NAMES, layoutProfile } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { about, aligned, complete, eventsOf, narrow } from './arbitrary-events.js';
import type { TraceEvent } from './event.js';

/** Events of one trace, and the layout of its page_info. */
export interface Case {
  readonly layout: string;
  readonly events: readonly TraceEvent[];
  /** In order of seq. */
  readonly losses?: readonly LossStart[];
  /** From one comparison of states to the next, in events. */
  readonly every: number;
}

/** Where a pcpu begins to lose records: before the event of that seq. */
export interface LossStart {
  readonly seq: number;
  readonly pcpu: number;
}

/** Kinds that come more often than the others where there are many: with too few of these nothing happens. */
const WEIGHTS: Partial<Record<KindName, number>> = {
  set_entry: 4,
  lookup: 3,
  get_page: 2,
  put_page: 2,
  page_alloc: 2,
  lock_acquire: 3,
  lock_release: 3,
  snapshot: 2,
};

/** Traces of a few events each of the kinds given, `often` more of those. */
export function arbitraryCases(
  kinds: readonly KindName[],
  maxLength: number,
  often: readonly KindName[] = [],
): fc.Arbitrary<Case> {
  const all = KINDS.filter(spec => kinds.includes(spec.name as KindName) || often.includes(spec.name as KindName));
  const events = all.map(spec => ({
    weight: often.includes(spec.name as KindName) ? 3 : (WEIGHTS[spec.name as KindName] ?? 1),
    arbitrary: eventsOf(spec),
  }));
  // How many events before it the one is that an event is about the same as; 0 for none.
  const back = fc.constantFrom(0, 0, 0, 1, 1, 2);
  return fc
    .record({
      layout: fc.constantFrom(...LAYOUT_NAMES),
      narrow,
      every: fc.constantFrom(20, 20, 20, 20, 7, 1),
      events: fc.array(fc.tuple(fc.oneof(...events), back), { minLength: 1, maxLength, size: 'max' }),
    })
    .map(({ layout, narrow, every, events }) => {
      const profile = layoutProfile(layout);
      const out: TraceEvent[] = [];
      for (const [event, distance] of events) {
        const earlier = distance === 0 ? undefined : out[out.length - distance];
        out.push(aligned(about(complete(event, profile, narrow), earlier)));
      }
      return { layout, every, events: out };
    });
}

/** The same, with pcpus that begin to lose records here and there. */
export function arbitraryLosses(cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  const losses = fc.array(fc.record({ seq: fc.nat(), pcpu: fc.constantFrom(0, 1) }), { minLength: 1, maxLength: 4 });
  return fc.tuple(cases, losses).map(([one, starts]) => ({
    ...one,
    losses: starts.map(({ seq, pcpu }) => ({ seq: seq % one.events.length, pcpu })).sort((a, b) => a.seq - b.seq),
  }));
}

/** The same, but that some event lacks a column that its kind must have. */
export function arbitraryLacks(cases: fc.Arbitrary<Case>): fc.Arbitrary<Case> {
  const lacks = fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 1, maxLength: 8 });
  return fc.tuple(cases, lacks).map(([one, places]) => {
    const events = [...one.events];
    for (const [place, which] of places) {
      const at = place % events.length;
      const needs = KINDS.find(({ name }) => name === events[at].kind)?.needs ?? [];
      const { [needs[which % needs.length] as keyof TraceEvent]: _, ...rest } = events[at];
      events[at] = rest as TraceEvent;
    }
    return { ...one, events };
  });
}
