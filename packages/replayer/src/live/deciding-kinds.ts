import { KIND, type KindName } from '@p2mtrace/trace-format';
import { CHECKS } from '../checks/registry.js';

/** Kinds that checks and the state ask for by name, besides those without which a check does not run. */
const ASKED: readonly KindName[] = [
  'alloc_ref_drop',
  'domain_create',
  'domain_destroy',
  'get_page',
  'get_type',
  'lock_acquire',
  'lock_release',
  'owner_set',
  'page_use',
  'pod_cache_add',
  'put_gfn',
  'rmap_add',
  'rmap_del',
  'set_entry',
  'share_nominate',
  'share_pages',
  'tlb_flush',
  'tlb_flush_deferred',
];

/** Kinds of which it matters to a replay whether they are recorded at all. */
export const DECIDING_KINDS: readonly number[] = [
  ...new Set([...ASKED, ...CHECKS.flatMap(({ ifRecorded }) => ifRecorded ?? [])]),
].map(name => KIND[name]);
