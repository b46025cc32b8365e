import { DOMID_COW } from '@p2mtrace/trace-format';

export interface Page {
  readonly mfn: number;
  /** -1 for nobody. */
  owner: number;
  count: number;
  allocated: boolean;
  /** Type references; none but those of sharing are told of. */
  types: number;
  /** Entries that share it. */
  sharers: number;
  /** An entry that led to it is gone, and TLBs may not know yet. */
  isStale: boolean;
  /** It was freed, and is given to nobody before TLBs know. */
  isFreed: boolean;
}

export const newPage = (mfn: number): Page => ({
  mfn,
  owner: -1,
  count: 0,
  allocated: false,
  types: 0,
  sharers: 0,
  isStale: false,
  isFreed: false,
});

const PGC_ALLOCATED = 1n << 63n;
/** Of layout P6 (docs/format.md#page_info-layouts). */
const PGT_SHARED_VALIDATED = (6n << 61n) | (1n << 58n);
const PGT_LOCKED = 1n << 60n;

export const countInfo = ({ count, allocated }: Page): string =>
  `0x${(BigInt(count) | (allocated ? PGC_ALLOCATED : 0n)).toString(16)}`;

/** type_info of a page that is shared, or was; PGT_locked holds one type reference (docs/xen.md#type-counts). */
export const typeInfo = ({ types }: Page, locked = false): string =>
  `0x${(PGT_SHARED_VALIDATED | (locked ? PGT_LOCKED : 0n) | BigInt(types + (locked ? 1 : 0))).toString(16)}`;

export const isShared = ({ owner }: Page): boolean => owner === DOMID_COW;
