import { ACCESS_TYPES, KINDS, LOCK_MODES, P2M_TYPES } from '@p2mtrace/trace-format';
import { PGT_TYPES } from '../tables/type-bits.js';
import { BREACH_CONFIDENCES, BREACH_DETAILS, BREACH_RULES } from './breach-table.js';
import { column, type FactSpec } from './fact-columns.js';
import { GRANT_SPANS, M2P_SPANS, OVERRIDE_SPANS, RMAP_SPANS, TYPE_REF_SPANS } from './frame-specs.js';
import { LOCK_CYCLES } from './lock-cycle-specs.js';
import { MECHANISMS } from './opportunity-names.js';

export { GRANT_SPANS, M2P_SPANS, OVERRIDE_SPANS, RMAP_SPANS, TYPE_REF_KINDS, TYPE_REF_SPANS } from './frame-specs.js';
export { LOCK_CYCLES } from './lock-cycle-specs.js';

/** Version of the fact tables' names, columns and meanings: the surface that users write SQL against. */
export const FACTS_VERSION = 9;

/** What protects a translation between its lookup and its end. */
export const PROTECTIONS = ['none', 'lock', 'ref'] as const;
export const PROTECTED_BY_NOTHING = 0;
export const PROTECTED_BY_LOCK = 1;
export const PROTECTED_BY_REF = 2;

/** What made a translation invalid. */
export const INVALIDATIONS = ['set_entry', 'page_free'] as const;

export const REF_KINDS = ['get_page', 'allocation'] as const;

/** What a general reference was taken for, as the events around it show. */
export const REF_THROUGH = ['type', 'grant', 'foreign', 'table', 'partial'] as const;

const KIND_NAMES = KINDS.map(({ name }) => name);

/** What a divergence is about. */
export const DIVERGENCES = [
  'count_info',
  'lookup',
  'depth',
  'type_info',
  'pod_count',
  'rmap_count',
  'old_mfn',
  'holder',
  'layout',
  'held',
  'lock_pairs',
] as const;
/** Their indices, by name. */
export const DIVERGES = Object.fromEntries(DIVERGENCES.map((name, index) => [name, index])) as Record<
  (typeof DIVERGENCES)[number],
  number
>;

/** A p2m entry while it stood. Superpages are one row, until something splits them. */
export const MAPPING_SPANS = {
  name: 'mapping_spans',
  doc: 'a p2m entry while it stood; half-open [from_seq, to_seq)',
  columns: [
    column('domid', 'id', 'domain'),
    column('view', 'id', 'index of the view, 0 for the host p2m'),
    column('gfn', 'u53', 'first guest frame'),
    column('mfn', 'u53', 'first machine frame, null for INVALID_MFN'),
    column('order', 'id', 'log2 of the frames'),
    column('p2m_type', 'enum', 'p2m_type_t', P2M_TYPES),
    column('access', 'enum', 'p2m_access_t, null where not recorded', ACCESS_TYPES),
    column('from_seq', 'u53', 'set_entry or split that made it, null where it was there before'),
    column('from_tsc', 'tsc', 'its TSC'),
    column('from_pcpu', 'id', 'its pcpu'),
    column('from_split', 'bool', 'true where a larger entry fell apart'),
    column('to_seq', 'u53', 'set_entry that ended it, null while it stands'),
    column('to_tsc', 'tsc', 'its TSC'),
    column('to_pcpu', 'id', 'its pcpu'),
    column('lost', 'bool', 'true where records were lost while it stood: its end is unknown'),
  ],
} as const satisfies FactSpec;

export const PAGE_SPANS = {
  name: 'page_spans',
  doc: 'one generation of a machine frame: from its allocation to its free',
  columns: [
    column('mfn', 'u53', 'machine frame'),
    column('generation', 'u53', 'raised at each allocation; 0 is what was there before the trace'),
    column('owner', 'id', 'owner at the end, null for none or unknown'),
    column('from_seq', 'u53', 'page_alloc, null where it was allocated before'),
    column('from_tsc', 'tsc', 'its TSC'),
    column('to_seq', 'u53', 'page_free, null while it lives'),
    column('to_tsc', 'tsc', 'its TSC'),
    column('to_pcpu', 'id', 'its pcpu'),
    column('freed_count', 'u53', 'general count when it was freed, null where unknown'),
    column('mapped_domid', 'id', 'domain that still mapped it when it was freed, null for none'),
    column('mapped_view', 'id', 'view of that mapping'),
    column('mapped_gfn', 'u53', 'gfn of that mapping'),
    column('mapped_seq', 'u53', 'set_entry of that mapping, null where it was there before'),
    column('end_count', 'u53', 'general count at the end of the trace, null where unknown or freed'),
    column('end_allocated', 'bool', 'PGC_allocated is set at the end of the trace'),
    column('lost', 'bool', 'true where records were lost while it lived: its end is unknown'),
  ],
} as const satisfies FactSpec;

export const REF_SPANS = {
  name: 'ref_spans',
  doc: 'one general reference of a page: from its get to its put',
  columns: [
    column('mfn', 'u53', 'machine frame'),
    column('generation', 'u53', 'generation of the frame'),
    column('owner', 'id', 'owner of the page, null for none'),
    column('kind', 'enum', 'get_page, or the allocation itself (PGC_allocated)', REF_KINDS),
    column('from_seq', 'u53', 'get_page or page_alloc, null where it was held before'),
    column('from_tsc', 'tsc', 'its TSC'),
    column('from_pcpu', 'id', 'its pcpu'),
    column('from_caller', 'id', 'index of its call site: its own, or that of the innermost lock held'),
    column('by_lock', 'bool', 'true where from_caller is that of the innermost lock held: the event has none'),
    column('on_free', 'bool', 'true where the page was free when the reference was taken'),
    column(
      'through',
      'enum',
      'what it was taken for: a type reference, a grant mapping, a foreign mapping, an entry of a page table, PGT_partial; null where no event shows more than a get',
      REF_THROUGH,
    ),
    column('through_id', 'u53', 'handle of the grant mapping, gfn of the foreign one, or mfn of the page table'),
    column('through_domid', 'id', 'domain that has the mapping'),
    column('typed', 'bool', 'true where a type reference was taken with it'),
    column('ended_seq', 'u53', 'event that ended the mapping that it was taken for, while it was still held'),
    column('to_seq', 'u53', 'put_page, null while it is held'),
    column('to_tsc', 'tsc', 'its TSC'),
    column('to_pcpu', 'id', 'its pcpu'),
    column('to_caller', 'id', 'index of its call site, as from_caller'),
    column('underflow', 'bool', 'true for a put that found no reference left'),
    column('lost', 'bool', 'true where records were lost while it was held: its end is unknown'),
  ],
} as const satisfies FactSpec;

export const LOCK_SPANS = {
  name: 'lock_spans',
  doc: 'one acquisition of a lock: from the acquire to its release',
  columns: [
    column('id', 'u53', 'number of the row'),
    column('lock', 'id', 'index of the lock (locks)'),
    column('lock_class', 'id', 'index of its class (lock_classes), null for unknown'),
    column('level', 'id', 'mm lock level as recorded, bias included; null for no mm lock'),
    column('mode', 'enum', 'mutex, write, read, external', LOCK_MODES),
    column('pcpu', 'id', 'pcpu that took it'),
    column('depth', 'id', 'recursion depth after it'),
    column('from_seq', 'u53', 'lock_acquire, null where it was held before'),
    column('from_tsc', 'tsc', 'its TSC'),
    column('from_caller', 'id', 'index of its call site'),
    column('wait_seq', 'u53', 'lock_wait before it, null where none was recorded'),
    column('outer', 'id', 'id of the innermost lock held then: the held set is a chain'),
    column('level_before', 'id', 'mm_lock_level of the pcpu before, as Xen keeps it'),
    column('violation', 'bool', "true where Xen's own check fails: level_before > level"),
    column('blocker', 'id', 'of a violation: id of the lock held that has level_before'),
    column('to_seq', 'u53', 'lock_release, null while it is held'),
    column('to_tsc', 'tsc', 'its TSC'),
    column('to_caller', 'id', 'index of its call site'),
    column('out_of_order', 'bool', 'true where a lock taken later was still held at the release'),
    column('lost', 'bool', 'true where records of its pcpu were lost while it was held'),
  ],
} as const satisfies FactSpec;

export const LOCK_EDGES = {
  name: 'lock_edges',
  doc: 'a lock acquired while another was held, by instance and mode, with its first witness',
  columns: [
    column('id', 'u53', 'number of the row'),
    column('held', 'id', 'index of the lock that was held'),
    column('held_class', 'id', 'index of its class'),
    column('held_mode', 'enum', 'its mode', LOCK_MODES),
    column('acquired', 'id', 'index of the lock that was acquired'),
    column('acquired_class', 'id', 'index of its class'),
    column('acquired_mode', 'enum', 'its mode', LOCK_MODES),
    column('count', 'u53', 'how often'),
    column('first_seq', 'u53', 'first acquisition'),
    column('held_seq', 'u53', 'acquisition of the held lock, at that first time'),
    column('first_pcpu', 'id', 'its pcpu'),
    column('held_caller', 'id', 'index of the call site that took the held lock'),
    column('acquired_caller', 'id', 'index of the call site that acquired'),
    column('pcpus', 'u53', 'pcpus on which it happened, as a bit mask of the first 32'),
  ],
} as const satisfies FactSpec;

export const LOCK_GATES = {
  name: 'lock_gates',
  doc: 'a lock that was held besides, every time that an edge was taken',
  columns: [
    column('edge', 'u53', 'id of the edge (lock_edges)'),
    column('lock', 'id', 'index of the lock'),
    column('lock_class', 'id', 'index of its class'),
    column('mode', 'enum', 'its mode: read where it was held for reading at least once', LOCK_MODES),
  ],
} as const satisfies FactSpec;

export const LOOKUPS = {
  name: 'lookups',
  doc: 'one translation: what it gave, what protected it, what became of it',
  columns: [
    column('seq', 'u53', 'lookup'),
    column('tsc', 'tsc', 'its TSC'),
    column('pcpu', 'id', 'its pcpu'),
    column('domid', 'id', 'domain'),
    column('view', 'id', 'index of the view'),
    column('gfn', 'u53', 'guest frame'),
    column('mfn', 'u53', 'what it gave, null for INVALID_MFN'),
    column('p2m_type', 'enum', 'p2m_type_t', P2M_TYPES),
    column('caller', 'id', 'index of its call site: its own, or that of the innermost lock held'),
    column('protection', 'enum', 'what protected the translation on return', PROTECTIONS),
    column('ref_seq', 'u53', 'get_page on the mfn by the same pcpu, null for none'),
    column('protected_to', 'u53', 'seq at which the last protection without a gap ended, null while it lasts'),
    column('invalid_seq', 'u53', 'first set_entry or page_free that made it wrong while it was watched'),
    column('invalid_by', 'enum', 'which of the two', INVALIDATIONS),
    column('invalid_pcpu', 'id', 'its pcpu'),
    column('use_seq', 'u53', 'first use of the mfn after that, by the same pcpu'),
    column('use_kind', 'id', 'kind of that use (get_page is a late reference)'),
    column('use_direct', 'bool', 'true where no other lookup of the pcpu lies between'),
    column('unwatched', 'bool', 'true where it was watched no longer, as its pcpu had 65,536 of them at once'),
  ],
} as const satisfies FactSpec;

export const USES = {
  name: 'uses',
  doc: 'an access through a machine frame (page_use)',
  columns: [
    column('seq', 'u53', 'page_use'),
    column('tsc', 'tsc', 'its TSC'),
    column('pcpu', 'id', 'its pcpu'),
    column('mfn', 'u53', 'machine frame'),
    column('generation', 'u53', 'generation of the frame'),
    column('domid', 'id', 'for whom'),
    column('caller', 'id', 'index of its call site'),
    column('on_free', 'bool', 'true where the page was free then'),
  ],
} as const satisfies FactSpec;

export const DIVERGENCE_SPEC = {
  name: 'divergences',
  doc: 'a recorded value that is not what the model expected; the recorded one won',
  columns: [
    column('seq', 'u53', 'event that showed it'),
    column('about', 'enum', 'what differs', DIVERGENCES),
    column('domid', 'id', 'domain'),
    column('gfn', 'u53', 'guest frame'),
    column('mfn', 'u53', 'machine frame'),
    column('lock', 'id', 'index of the lock'),
    column('pcpu', 'id', 'pcpu of the event'),
    column('expected', 'u53', 'what the model had; null for no mfn'),
    column('seen', 'u53', 'what was recorded; null for no mfn'),
    column('last_seq', 'u53', 'last event that wrote the value'),
  ],
} as const satisfies FactSpec;

export const BREACH_SPEC = {
  name: 'breaches',
  doc: 'a contradiction that a check of the replay found, as the rule of that name has it; what does not apply is null',
  columns: [
    column('seq', 'u53', 'event at which it was found'),
    column('breach', 'enum', 'id of its rule', BREACH_RULES),
    column('confidence', 'enum', 'how sure it is', BREACH_CONFIDENCES),
    column('detail', 'enum', 'which case, of a rule that has several', BREACH_DETAILS),
    column('mechanism', 'enum', 'what went wrong, as opportunities counts it', MECHANISMS),
    column('kind', 'enum', 'kind of the event that is wrong, where it may be one of several', KIND_NAMES),
    column('domid', 'id', 'domain'),
    column('view', 'id', 'index of the view'),
    column('gfn', 'u53', 'guest frame'),
    column('mfn', 'u53', 'machine frame'),
    column('order', 'id', 'log2 of the frames'),
    column('p2m_type', 'enum', 'type of the entry', P2M_TYPES),
    column('old_type', 'enum', 'type that it had before', P2M_TYPES),
    column('generation', 'u53', 'generation of the machine frame'),
    column('owner', 'id', 'owner of the frame, or the domain that grants it'),
    column('handle', 'u53', 'handle of a grant mapping'),
    column('lock', 'id', 'index of the lock'),
    column('lock_class', 'id', 'index of its class'),
    column('level', 'id', 'its mm lock level as recorded, null for no mm lock'),
    column('held', 'id', 'index of another lock, which was held'),
    column('held_class', 'id', 'index of its class'),
    column('held_level', 'id', 'its mm lock level'),
    column('held_caller', 'id', 'index of the call site that took it'),
    column('count', 'u53', 'a count as it is'),
    column('expected', 'u53', 'what it should be'),
    column('width', 'u53', 'bits that the layout has for it'),
    column('pcpu', 'id', 'pcpu that did it'),
    column('caller', 'id', 'index of its call site: its own, or that of the innermost lock held'),
    column('pgt_type', 'enum', 'type of the page', PGT_TYPES),
    column('through', 'enum', 'what a reference was taken for, as ref_spans has it', REF_THROUGH),
    column('through_id', 'u53', 'handle of the grant, gfn of the foreign mapping, or mfn of the page table'),
    column('through_domid', 'id', 'domain that has the mapping'),
    column('by_lock', 'bool', 'true where caller is that of the innermost lock held: the event has none'),
    column('held_by_lock', 'bool', 'the same of held_caller'),
    column('at1', 'u53', 'first witness: an event that shows it, null for none; for its role see below'),
    column('at2', 'u53', 'second witness'),
    column('at3', 'u53', 'third witness'),
    column('at4', 'u53', 'fourth witness'),
    column('at5', 'u53', 'fifth witness'),
  ],
} as const satisfies FactSpec;

export const OPPORTUNITY_SPEC = {
  name: 'opportunities',
  doc: 'how often a rule could have fired at a call site: the M of "N of M"',
  columns: [
    column('rule', 'enum', 'its id', BREACH_RULES),
    column('mechanism', 'enum', 'what was looked at (docs/judgement.md)', MECHANISMS),
    column('caller', 'id', 'index of the call site, as in breaches; null for unknown'),
    column('times', 'u53', 'how often'),
  ],
} as const satisfies FactSpec;

export const LOSSES = {
  name: 'losses',
  doc: 'records that xentrace lost: what they could have changed is unknown from then on',
  columns: [
    column('seq', 'u53', 'lost event'),
    column('pcpu', 'id', 'pcpu whose ring overflowed'),
    column('count', 'u53', 'records lost'),
    column('first_tsc', 'tsc', 'TSC of the first of them'),
    column('tsc', 'tsc', 'TSC of the lost event itself'),
  ],
} as const satisfies FactSpec;

export const DOMAINS = {
  name: 'domains',
  doc: 'what the trace shows of the life of a domain',
  columns: [
    column('domid', 'id', 'domain'),
    column('first_seq', 'u53', 'first event about it'),
    column('last_p2m_seq', 'u53', 'last set_entry in any of its p2ms, or lookup that gave a frame'),
    column('created_seq', 'u53', 'domain_create'),
    column('dying_seq', 'u53', 'domain_dying'),
    column('destroyed_seq', 'u53', 'domain_destroy'),
    column('freed', 'u53', 'pages of it that were freed after its last p2m event'),
    column('last_free_seq', 'u53', 'the last of those'),
  ],
} as const satisfies FactSpec;

/** All fact tables, in the order in which docs and SQL list them. */
export const FACT_SPECS = [
  MAPPING_SPANS,
  M2P_SPANS,
  PAGE_SPANS,
  REF_SPANS,
  TYPE_REF_SPANS,
  LOCK_SPANS,
  LOCK_EDGES,
  LOCK_GATES,
  LOCK_CYCLES,
  LOOKUPS,
  USES,
  RMAP_SPANS,
  OVERRIDE_SPANS,
  GRANT_SPANS,
  DOMAINS,
  DIVERGENCE_SPEC,
  BREACH_SPEC,
  OPPORTUNITY_SPEC,
  LOSSES,
] as const satisfies readonly FactSpec[];
