import type { KindName } from '@p2mtrace/trace-format';

/** Events that change the page_info of a frame; all name it as `mfn`. */
export const PAGE_KINDS: readonly KindName[] = [
  'get_page',
  'put_page',
  'alloc_ref_drop',
  'get_type',
  'put_type',
  'page_alloc',
  'page_free',
  'owner_set',
];
