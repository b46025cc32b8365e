import { decodeCountInfo, decodeTypeInfo } from '@p2mtrace/trace-format';
import type { XenState } from '../state/xen-state.js';
import { ALLOCATED, COUNT_KNOWN, FREE, NO_OWNER, OWNER_KNOWN, TYPE_KNOWN } from '../tables/page-table.js';
import type { StateFilter } from './state-rows.js';

/** What is known of a machine frame's page_info. */
export interface PageRow {
  readonly mfn: number;
  /** null for none or unknown. */
  readonly owner: number | null;
  /** As a page_alloc or page_free said; unknown if the trace has neither. */
  readonly state: 'allocated' | 'free' | 'unknown';
  readonly count: bigint | null;
  readonly count_flags: readonly string[] | null;
  readonly type: string | null;
  readonly type_count: bigint | null;
  readonly type_flags: readonly string[] | null;
  /** How often the trace saw the frame allocated. */
  readonly generation: number;
  /** count_info and type_info as recorded, or as the model has them; null for unknown. */
  readonly count_info: bigint | null;
  readonly type_info: bigint | null;
  /** Last event that changed its count. */
  readonly count_seq: number | null;
  /** Last event that changed its count, or allocated or freed it. */
  readonly last_seq: number | null;
}

/** Every frame of whose page_info something is known, by mfn; with a domain, those that it owns. */
export function* pageRows(replayer: XenState, filter: StateFilter = {}): Generator<PageRow> {
  const known: number[] = [];
  replayer.pages.forEach((mfn, slot) => {
    if (replayer.pages.state[slot] !== 0) known.push(mfn, slot);
  });
  for (let i = 0; i < known.length; i += 2) {
    const row = pageRow(replayer, known[i], known[i + 1]);
    if (filter.domid === undefined || row.owner === filter.domid) yield row;
  }
}

/** The page in a slot; slot 0 stands for pages that no event named. */
export function pageRow({ pages, profile }: XenState, mfn: number, slot: number): PageRow {
  const state = pages.state[slot];
  const known = (bit: number) => (state & bit) !== 0;
  const owned = known(OWNER_KNOWN) && pages.owner[slot] !== NO_OWNER;
  const countInfo = known(COUNT_KNOWN) ? u64(pages.countLow, pages.countHigh, slot) : null;
  const typeInfo = known(TYPE_KNOWN) ? u64(pages.typeLow, pages.typeHigh, slot) : null;
  const count = countInfo === null ? undefined : decodeCountInfo(profile, countInfo);
  const type = typeInfo === null ? undefined : decodeTypeInfo(profile, typeInfo);
  const seqs = [count ? pages.countSeq[slot] : Number.NaN, known(ALLOCATED | FREE) ? pages.lifeSeq[slot] : Number.NaN];
  const last = Math.max(...seqs.filter(seq => !Number.isNaN(seq)));
  return {
    mfn,
    owner: owned ? pages.owner[slot] : null,
    state: known(ALLOCATED) ? 'allocated' : known(FREE) ? 'free' : 'unknown',
    count: count?.count ?? null,
    count_flags: count?.bits ?? null,
    type: type?.type ?? null,
    type_count: type?.count ?? null,
    type_flags: type?.bits ?? null,
    generation: pages.generation[slot],
    count_info: countInfo,
    type_info: typeInfo,
    count_seq: count && !Number.isNaN(pages.countSeq[slot]) ? pages.countSeq[slot] : null,
    last_seq: last === Number.NEGATIVE_INFINITY ? null : last,
  };
}

function u64(low: Uint32Array, high: Uint32Array, slot: number): bigint {
  return (BigInt(high[slot]) << 32n) | BigInt(low[slot]);
}
