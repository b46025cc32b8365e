import { type FlagName, flagNames } from '@p2mtrace/trace-format';
import { LINUX_BITS, LINUX_MFN, LINUX_SEQ } from '../state/linux-state.js';
import type { XenState } from '../state/xen-state.js';
import { idOrNull, seqOrNull } from './row-nulls.js';
import type { StateFilter } from './state-rows.js';

/** An entry of a Linux PV guest's phys_to_machine, or a page in an override chain (docs/xen.md#linux-p2m). */
export interface LinuxRow {
  readonly domid: number;
  readonly what: 'entry' | 'override';
  readonly pfn: number;
  /** null for INVALID_P2M_ENTRY. */
  readonly mfn: number | null;
  /** For an entry: foreign, identity. */
  readonly bits: readonly FlagName[] | null;
  /** For an override: the mfn that the pfn had before; null for none or unknown. */
  readonly old_mfn: number | null;
  /** For an override: its place in the chain of mfn, 0 for the front. */
  readonly place: number | null;
  /** The event that wrote or added it. */
  readonly since_seq: number | null;
}

/** Every entry by domain and pfn, then every override by mfn. */
export function* linuxRows({ linux }: XenState, { domid: wanted }: StateFilter = {}): Generator<LinuxRow> {
  for (const domid of linux.pfns.domids()) {
    if (wanted !== undefined && wanted !== domid) continue;
    for (const { frame: pfn, record } of linux.pfns.of(domid).all()) {
      const [mfn, bits, since_seq] = [
        idOrNull(record[LINUX_MFN]),
        flagNames(record[LINUX_BITS]),
        seqOrNull(record[LINUX_SEQ]),
      ];
      yield { domid, what: 'entry', pfn, mfn, bits, old_mfn: null, place: null, since_seq };
    }
  }
  for (const mfn of linux.overrides.frames()) {
    const places = new Map<number, number>();
    for (const { domid, gfn: pfn, seq, value } of linux.overrides.of(mfn)) {
      const place = places.get(domid) ?? 0;
      places.set(domid, place + 1);
      if (wanted !== undefined && wanted !== domid) continue;
      const old_mfn = Number.isNaN(value) ? null : idOrNull(value);
      yield { domid, what: 'override', pfn, mfn, bits: null, old_mfn, place, since_seq: seqOrNull(seq) };
    }
  }
}
