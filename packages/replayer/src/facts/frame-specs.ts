import { PGT_TYPES } from '../tables/type-bits.js';
import { column, type FactSpec } from './fact-columns.js';

/** Facts about machine frames besides their p2m entries, their lives and their general references. */

/** Who holds a type reference: whoever got it, or PGT_partial. */
export const TYPE_REF_KINDS = ['get_type', 'partial'] as const;

/** When something stood: what `SpanTable` fills in. */
const span = (from: string, to: string, lost: string) =>
  [
    column('from_seq', 'u53', `${from}, null where it was there before`),
    column('from_tsc', 'tsc', 'its TSC'),
    column('from_pcpu', 'id', 'its pcpu'),
    column('to_seq', 'u53', `${to}, null while it lasts`),
    column('to_tsc', 'tsc', 'its TSC'),
    column('to_pcpu', 'id', 'its pcpu'),
    column('lost', 'bool', `true where ${lost}: its end is unknown`),
  ] as const;

const RECORDS_LOST = 'records were lost while it lasted';

export const M2P_SPANS = {
  name: 'm2p_spans',
  doc: 'what the M2P said of a machine frame, from one write to the next; half-open [from_seq, to_seq)',
  columns: [
    column('mfn', 'u53', 'machine frame'),
    column('gfn', 'u53', 'guest frame, null for INVALID_M2P_ENTRY and SHARED_M2P_ENTRY'),
    column('shared', 'bool', 'true for SHARED_M2P_ENTRY'),
    ...span('m2p_set', 'the next m2p_set', RECORDS_LOST),
  ],
} as const satisfies FactSpec;

export const TYPE_REF_SPANS = {
  name: 'type_ref_spans',
  doc: 'one type reference of a page: from its get to its put',
  columns: [
    column('mfn', 'u53', 'machine frame'),
    column('generation', 'u53', 'generation of the frame'),
    column('owner', 'id', 'owner of the page, null for none or unknown'),
    column('kind', 'enum', 'who holds it: who got it, or PGT_partial, which keeps one', TYPE_REF_KINDS),
    column('pgt_type', 'enum', 'type of the page then, null where unknown', PGT_TYPES),
    column('from_count', 'u53', 'general count of the page when it was taken, null where unknown'),
    ...span('get_type, or the event that left PGT_partial set', 'put_type, or who took it over', RECORDS_LOST),
    column('from_caller', 'id', 'index of the call site that took it: its own, or that of the innermost lock held'),
    column('to_caller', 'id', 'index of the call site that ended it, as from_caller'),
    column('underflow', 'bool', 'true for a put that found no type reference left'),
  ],
} as const satisfies FactSpec;

export const RMAP_SPANS = {
  name: 'rmap_spans',
  doc: 'a gfn in the reverse map of a shared frame',
  columns: [
    column('mfn', 'u53', 'shared frame'),
    column('domid', 'id', 'domain that shares it'),
    column('gfn', 'u53', 'as which guest frame'),
    ...span(
      'share_nominate, share_pages or rmap_add',
      'unshare, rmap_del, or what else ended it: share_pages of another frame, share_nominate, page_free',
      RECORDS_LOST,
    ),
  ],
} as const satisfies FactSpec;

export const OVERRIDE_SPANS = {
  name: 'override_spans',
  doc: "a page in the chain of a frame's M2P overrides in a Linux guest",
  columns: [
    column('domid', 'id', 'domain'),
    column('gfn', 'u53', 'its pfn that overrides'),
    column('mfn', 'u53', 'overridden machine frame'),
    column('old_mfn', 'u53', 'what the pfn had before, null for INVALID_P2M_ENTRY or unknown'),
    column('restored_mfn', 'u53', 'what m2p_override_remove put back, null likewise'),
    ...span('m2p_override_add', 'm2p_override_remove', RECORDS_LOST),
  ],
} as const satisfies FactSpec;

export const GRANT_SPANS = {
  name: 'grant_spans',
  doc: 'a grant while it was mapped; a mapping for device and host ends with its second half',
  columns: [
    column('domid', 'id', 'domain that maps it, null for unknown'),
    column('owner', 'id', 'domain that grants it'),
    column('mfn', 'u53', 'granted machine frame, null where not recorded'),
    column('gfn', 'u53', 'guest frame, null where not recorded'),
    column('ref', 'u53', 'grant reference, null where not recorded'),
    column('handle', 'u53', 'maptrack handle, null where not recorded'),
    column('readonly', 'bool', 'GNTMAP_readonly'),
    column('device_map', 'bool', 'GNTMAP_device_map, of grant_map'),
    column('host_map', 'bool', 'GNTMAP_host_map, of grant_map'),
    ...span('grant_map', 'grant_unmap', 'records were lost while it lasted, or its handle was given again'),
  ],
} as const satisfies FactSpec;
