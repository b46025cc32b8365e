import { KINDS, type KindName, type KindSpec, type LayoutProfile } from '@p2mtrace/trace-format';
import fc from 'fast-check';
import { ALTP2MS, countInfos, DOMIDS, flagsOf, GFNS, MFNS, mostly, typeInfos, VALUES } from './arbitrary-values.js';
import type { TraceEvent } from './event.js';

export const kindsOf = (...groups: string[]) =>
  KINDS.filter(({ group }) => groups.includes(group)).map(({ name }) => name as KindName);

/** Columns that mean something else in some kinds than in most. */
function valuesOf(kind: KindName): Record<string, fc.Arbitrary<unknown>> {
  // Each page of it is a record.
  if (COUNTS_PAGES.includes(kind)) return { ...VALUES, order: mostly([0, 0, 9, 1], [3, 10, 21, 255]) };
  if (OF_VIEWS.includes(kind)) return { ...VALUES, view: mostly(ALTP2MS, ['host']) };
  if (kind !== 'type_change_range' && kind !== 'snapshot_type_change') return VALUES;
  return { ...VALUES, p2m_type: mostly(['ram_logdirty', 'ram_rw'], ['ioreq_server', 'ram_shared']) };
}
const COUNTS_PAGES = ['page_alloc', 'page_free', 'snapshot_pod', ...kindsOf('pod')];
const OF_VIEWS = [...kindsOf('altp2m'), 'snapshot_view', 'snapshot_remap'];

/** Events of one kind: what it needs, most of what it may have. */
export function eventsOf(spec: KindSpec): fc.Arbitrary<TraceEvent> {
  const kind = spec.name as KindName;
  const columns: Record<string, fc.Arbitrary<unknown>> = {
    kind: fc.constant(kind),
    pcpu: mostly<number | undefined>([0, 1], [undefined, 2, 40]),
  };
  // A lookup need not have a gfn, but then it tells nothing.
  const needs = kind === 'lookup' ? [...spec.needs, 'gfn'] : spec.needs;
  const values = valuesOf(kind);
  for (const name of [...needs, ...spec.may]) {
    const value = name === 'flags' ? flagsOf(kind) : values[name];
    columns[name] = needs.includes(name) ? value : fc.option(value, { nil: undefined, freq: 3 });
  }
  return fc.record(columns) as unknown as fc.Arbitrary<TraceEvent>;
}

/** How few different things a case is about: the fewer, the more they meet. */
export interface Narrow {
  readonly frames: number;
  readonly domains: number;
  readonly views: number;
}

export const narrow: fc.Arbitrary<Narrow> = fc.record({
  frames: fc.constantFrom(2, 1, 3, GFNS.length),
  domains: fc.constantFrom(1, 2),
  views: fc.constantFrom(1, 2),
});

/** An event with its values: words of page_info by the layout, the others out of as few as may be. */
export function complete(event: TraceEvent, profile: LayoutProfile, { frames, domains, views }: Narrow): TraceEvent {
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

/** Entries whose mfn is not aligned are none; now and then an odd one is left. */
export function aligned(event: TraceEvent): TraceEvent {
  const { mfn, order = 0 } = event;
  if (mfn === undefined || order < 9 || !MFNS.includes(mfn)) return event;
  const leaf = order < 18 ? 9n : 18n;
  return { ...event, mfn: (mfn >> leaf) << leaf };
}

/** The event, about what an earlier one is about as far as both have the column. */
export function about(event: TraceEvent, earlier: TraceEvent | undefined): TraceEvent {
  if (earlier === undefined) return event;
  const same = SUBJECT.filter(name => event[name] !== undefined && earlier[name] !== undefined);
  return { ...event, ...Object.fromEntries(same.map(name => [name, earlier[name]])) };
}
