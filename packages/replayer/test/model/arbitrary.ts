import {
  KINDS,
  type KindName,
  type KindSpec,
  LAYOUT_NAMES,
  type LayoutProfile,
  layoutProfile,
} from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { countInfos, flagsOf, GFNS, MFNS, mostly, typeInfos, VALUES } from './arbitrary-values.js';
import type { TraceEvent } from './event.js';

export const kindsOf = (...groups: string[]) =>
  KINDS.filter(({ group }) => groups.includes(group)).map(({ name }) => name as KindName);

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

/** Kinds that come more often than the others: with too few of these nothing happens. */
const WEIGHTS: Partial<Record<KindName, number>> = {
  set_entry: 8,
  lookup: 6,
  get_page: 4,
  put_page: 4,
  page_alloc: 4,
  lock_acquire: 4,
  lock_release: 4,
  snapshot: 2,
};

/** Orders of what is counted in pages, each of which is a record. */
const pageOrder = mostly([0, 0, 0, 1, 9], [3, 21, 255]);
const COUNTS_PAGES = ['page_alloc', 'page_free', 'snapshot_pod', ...kindsOf('pod')];

/** Events of one kind: what it needs, most of what it may have. */
function eventsOf(spec: KindSpec): fc.Arbitrary<TraceEvent> {
  const kind = spec.name as KindName;
  const columns: Record<string, fc.Arbitrary<unknown>> = {
    kind: fc.constant(kind),
    pcpu: mostly<number | undefined>([0, 1], [undefined, 2, 40]),
  };
  // A lookup need not have a gfn, but then it tells nothing.
  const needs = kind === 'lookup' ? [...spec.needs, 'gfn'] : spec.needs;
  for (const name of [...needs, ...spec.may]) {
    const value = name === 'flags' ? flagsOf(kind) : VALUES[name];
    columns[name] = needs.includes(name) ? value : fc.option(value, { nil: undefined, freq: 2 });
  }
  if (COUNTS_PAGES.includes(kind)) columns.order = pageOrder;
  return fc.record(columns) as unknown as fc.Arbitrary<TraceEvent>;
}

/** Gives words of page_info their values, has frames meet the more the fewer they are, and drops what is undefined. */
function complete(event: TraceEvent, profile: LayoutProfile, frames: number): TraceEvent {
  const narrow = (usual: readonly bigint[], value: bigint | undefined) => {
    const at = value === undefined ? -1 : usual.indexOf(value);
    return at < 0 ? value : usual[at % frames];
  };
  const pick = (words: readonly bigint[], at: bigint | undefined) => (at === undefined ? at : words[Number(at)]);
  const values: Record<string, unknown> = {
    ...event,
    gfn: narrow(GFNS, event.gfn),
    new_gfn: narrow(GFNS, event.new_gfn),
    mfn: narrow(MFNS, event.mfn),
    old_mfn: narrow(MFNS, event.old_mfn),
    count_info: pick(countInfos(profile), event.count_info),
    type_info: pick(typeInfos(profile), event.type_info),
    requested: pick(typeInfos(profile), event.requested),
  };
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as unknown as TraceEvent;
}

/** Traces of a few events each of the kinds given. */
export function arbitraryCases(kinds: readonly KindName[], maxLength: number): fc.Arbitrary<Case> {
  const events = KINDS.filter(spec => kinds.includes(spec.name as KindName)).map(spec => ({
    weight: WEIGHTS[spec.name as KindName] ?? 1,
    arbitrary: eventsOf(spec),
  }));
  return fc
    .record({
      layout: fc.constantFrom(...LAYOUT_NAMES),
      frames: fc.constantFrom(GFNS.length, 2, 3, 5),
      every: fc.constantFrom(20, 20, 20, 20, 7, 1),
      events: fc.array(fc.oneof(...events), { minLength: 1, maxLength, size: 'max' }),
    })
    .map(({ layout, frames, events, every }) => {
      const profile = layoutProfile(layout);
      return { layout, events: events.map(event => complete(event, profile, frames)), every };
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
