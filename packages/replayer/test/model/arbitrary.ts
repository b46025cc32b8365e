import {
  KINDS,
  type KindName,
  type KindSpec,
  LAYOUT_NAMES,
  type LayoutProfile,
  layoutProfile,
} from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { ALTP2MS, countInfos, DOMIDS, flagsOf, GFNS, MFNS, mostly, typeInfos, VALUES } from './arbitrary-values.js';
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

/** How few different things a case is about: the fewer, the more they meet. */
interface Narrow {
  readonly frames: number;
  readonly domains: number;
  readonly views: number;
}

const narrow: fc.Arbitrary<Narrow> = fc.record({
  frames: fc.constantFrom(2, 1, 3, GFNS.length),
  domains: fc.constantFrom(1, 2),
  views: fc.constantFrom(1, 2),
});

/** An event with its values: words of page_info by the layout, the others out of as few as may be. */
function complete(event: TraceEvent, profile: LayoutProfile, { frames, domains, views }: Narrow): TraceEvent {
  const fewer = <T>(usual: readonly T[], few: number, value: T | undefined) => {
    const at = value === undefined ? -1 : usual.indexOf(value);
    return at < 0 ? value : usual[at % few];
  };
  const pick = (words: readonly bigint[], at: bigint | undefined) => (at === undefined ? at : words[Number(at)]);
  const values: Record<string, unknown> = {
    ...event,
    gfn: fewer(GFNS, frames, event.gfn),
    new_gfn: fewer(GFNS, frames + 1, event.new_gfn),
    mfn: fewer(MFNS, frames, event.mfn),
    old_mfn: fewer(MFNS, frames, event.old_mfn),
    domid: fewer(DOMIDS, domains, event.domid),
    view: fewer(ALTP2MS, views, event.view),
    count_info: pick(countInfos(profile), event.count_info),
    type_info: pick(typeInfos(profile), event.type_info),
    requested: pick(typeInfos(profile), event.requested),
  };
  const present = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(present) as unknown as TraceEvent;
}

/** What makes two events be about the same. */
const SUBJECT = ['pcpu', 'domid', 'view', 'gfn', 'mfn', 'owner', 'lock', 'handle', 'vcpu'] as const;

/** The event, about what an earlier one is about as far as both have the column. */
function about(event: TraceEvent, earlier: TraceEvent | undefined): TraceEvent {
  if (earlier === undefined) return event;
  const same = SUBJECT.filter(name => event[name] !== undefined && earlier[name] !== undefined);
  return { ...event, ...Object.fromEntries(same.map(name => [name, earlier[name]])) };
}

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
        out.push(about(complete(event, profile, narrow), distance === 0 ? undefined : out[out.length - distance]));
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
