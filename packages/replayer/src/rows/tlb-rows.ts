import { domidOfKey, viewOfKey } from '../memory/keys.js';
import type { XenState } from '../state/xen-state.js';
import { seqOrNull } from './row-nulls.js';
import type { Names, StateFilter } from './state-rows.js';

/** A p2m whose TLB flush was deferred: other pcpus may still use old translations. */
export interface TlbRow {
  readonly domid: number;
  readonly view: string;
  /** The first tlb_flush_deferred since the last tlb_flush. */
  readonly deferred_since: number | null;
}

/** Every flush that is due, by domain and view. */
export function* tlbRows({ tlb }: XenState, names: Names, filter: StateFilter = {}): Generator<TlbRow> {
  for (const [key, seq] of [...tlb.deferred].sort(([a], [b]) => a - b)) {
    const domid = domidOfKey(key);
    const view = names.view[viewOfKey(key)] ?? String(viewOfKey(key));
    if (filter.domid !== undefined && filter.domid !== domid) continue;
    if (filter.view !== undefined && filter.view !== view) continue;
    yield { domid, view, deferred_since: seqOrNull(seq) };
  }
}
