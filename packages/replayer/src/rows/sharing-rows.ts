import type { XenState } from '../state/xen-state.js';
import { seqOrNull } from './row-nulls.js';
import type { StateFilter } from './state-rows.js';

/** A member of a shared frame's reverse map (docs/xen.md#sharing-invariants). */
export interface SharingRow {
  readonly mfn: number;
  readonly domid: number;
  readonly gfn: number;
  /** Number of members of the frame, including this one. */
  readonly rmap_count: number;
  /** True if it is known to have no others. */
  readonly complete: boolean;
  /** The event by which it joined. */
  readonly since_seq: number | null;
}

/** Every member of every rmap, by mfn, latest first. */
export function* sharingRows({ sharing }: XenState, { domid: wanted }: StateFilter = {}): Generator<SharingRow> {
  const { rmaps } = sharing;
  for (const mfn of rmaps.frames()) {
    for (const { domid, gfn, seq } of rmaps.of(mfn)) {
      if (wanted !== undefined && wanted !== domid) continue;
      const [rmap_count, complete] = [rmaps.count(mfn), rmaps.isComplete(mfn)];
      yield { mfn, domid, gfn, rmap_count, complete, since_seq: seqOrNull(seq) };
    }
  }
}
