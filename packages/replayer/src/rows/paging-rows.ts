import { P2M_TYPES } from '@p2mtrace/trace-format';
import { PAGING_EVICTED, PAGING_SEQ, PAGING_TYPE } from '../state/paging-state.js';
import type { XenState } from '../state/xen-state.js';
import { seqOrNull } from './row-nulls.js';
import type { StateFilter } from './state-rows.js';

/** Progress of the pager with a gfn (docs/xen.md#paging). */
export interface PagingRow {
  readonly domid: number;
  readonly gfn: number;
  /** The type that the last event implied: ram_paging_out (nominate), ram_paged, ram_paging_in, ram_rw (prep). */
  readonly p2m_type: string;
  /** True if it was evicted and not prepared since. */
  readonly evicted: boolean;
  readonly last_seq: number | null;
}

/** Every gfn between its nomination and its resume, by domain and gfn. */
export function* pagingRows({ paging }: XenState, { domid: wanted }: StateFilter = {}): Generator<PagingRow> {
  for (const domid of paging.states.domids()) {
    if (wanted !== undefined && wanted !== domid) continue;
    for (const { frame: gfn, record } of paging.states.of(domid).all()) {
      yield {
        domid,
        gfn,
        p2m_type: P2M_TYPES[record[PAGING_TYPE]],
        evicted: record[PAGING_EVICTED] !== 0,
        last_seq: seqOrNull(record[PAGING_SEQ]),
      };
    }
  }
}
