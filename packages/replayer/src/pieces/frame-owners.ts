import {
  BatchMemory,
  DOMID_FIRST_RESERVED,
  getU53,
  isValid,
  KIND,
  KINDS,
  type ReadBatch,
  type TraceReader,
} from '@p2mtrace/trace-format';
import { FRAME, MFN_RULES } from '../events/touch-rules.js';
import { FrameRecords } from '../memory/frame-records.js';
import { MAX_FRAME } from '../memory/frame-table.js';
import { ORDER_2M } from '../state/pod-state.js';
import type { XenState } from '../state/xen-state.js';
import { MAX_PAGE_ORDER, OWNER_KNOWN } from '../tables/page-table.js';
import type { PieceRange } from './piece-ranges.js';

/** The frame belongs to no known domain; or to several, in turn or shared. */
export const NOBODY = -1;
export const SEVERAL = -2;

const COLUMNS = ['kind', 'domid', 'gfn', 'mfn', 'order', 'p2m_type', 'owner'] as const;
/** The columns by which an event about frames is read. */
export type FrameBatch = Pick<ReadBatch<(typeof COLUMNS)[number]>, 'columns' | 'validity'>;

const SHARED = 1;
const OF_OWNER = 2;
const OF_DOMID = 3;
/** Kinds of other groups than `page` that change what the state has about a page. */
const BY_OWNER = new Set(['m2p_set', 'p2m_table_alloc', 'snapshot_m2p', 'snapshot']);
/** By kind: whether it changes what the state has about the frame, and how it names the owner. */
const CLAIMS = Uint8Array.from(KINDS, ({ name, group }) => {
  if (group === 'sharing' || name === 'snapshot_rmap') return SHARED;
  if (group === 'page' || BY_OWNER.has(name)) return OF_OWNER;
  return name === 'snapshot_pod' || (group === 'pod' && name !== 'pod_splinter') ? OF_DOMID : 0;
});

/** Owners of machine frames in a range of events: domains that owned or cached them at any time in it. */
export class FrameOwners {
  private readonly owners = new FrameRecords(1);

  /** `state` is the one at the start of the range. @throws P2mError P2M_DAMAGED */
  constructor(reader: TraceReader, state: XenState, { from, to }: PieceRange) {
    this.noteState(state);
    const memory = new BatchMemory();
    for (const info of reader.batches) {
      const first = Math.max(0, from - info.firstSeq);
      const end = Math.min(info.rows, to - info.firstSeq);
      if (first >= end) continue;
      const batch = reader.read(info, COLUMNS, memory);
      for (let row = first; row < end; row++) this.noteEvent(batch, row);
    }
  }

  /** The domid, NOBODY or SEVERAL. */
  of(mfn: number): number {
    const at = this.owners.find(mfn);
    return at < 0 ? NOBODY : this.owners.data[at];
  }

  private noteState({ pages, pod, sharing }: XenState): void {
    pages.forEach((mfn, slot) => {
      if ((pages.state[slot] & OWNER_KNOWN) !== 0) this.note(mfn, pages.owner[slot]);
    });
    pod.cache.forEach((mfn, at) => {
      this.note(mfn, pod.cache.data[at]);
    });
    for (const mfn of sharing.rmaps.frames()) this.note(mfn, SEVERAL);
  }

  private noteEvent(batch: FrameBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    const claim = CLAIMS[c.kind[row]];
    const count = framesOf(batch, row);
    if (count === 0) return;
    let owner = SEVERAL;
    if (claim === OF_OWNER) owner = isValid(v.owner, row) ? c.owner[row] : NOBODY;
    if (claim === OF_DOMID) owner = isValid(v.domid, row) ? c.domid[row] : NOBODY;
    const first = firstFrame(batch, row);
    for (let mfn = first; mfn < first + count; mfn++) this.note(mfn, owner);
  }

  private note(mfn: number, owner: number): void {
    if (owner === NOBODY || owner >= DOMID_FIRST_RESERVED) return;
    const found = this.owners.find(mfn);
    if (found < 0) {
      const at = this.owners.make(mfn);
      this.owners.data[at] = owner;
    } else if (this.owners.data[found] !== owner) {
      this.owners.data[found] = SEVERAL;
    }
  }
}

/** Number of frames an event is about, if the state has more about them than their mappings; otherwise 0. */
export function framesOf({ columns: c, validity: v }: FrameBatch, row: number): number {
  const kind = c.kind[row];
  if (CLAIMS[kind] === 0 || !isValid(v.mfn, row) || getU53(c.mfn, row) >= MAX_FRAME) return 0;
  if (kind === KIND.snapshot && isValid(v.p2m_type, row) && isValid(v.gfn, row) && isValid(v.domid, row)) return 0;
  return MFN_RULES[kind] === FRAME || c.order[row] > MAX_PAGE_ORDER ? 1 : 2 ** c.order[row];
}

/** The first of these frames; the record of a 2M reclaim has the last (docs/xen.md#pod-record-frames). */
export function firstFrame({ columns: c }: FrameBatch, row: number): number {
  const mfn = getU53(c.mfn, row);
  const namesLast = c.kind[row] === KIND.pod_zero_reclaim && c.order[row] === ORDER_2M;
  return namesLast ? Math.max(0, mfn - 2 ** ORDER_2M + 1) : mfn;
}
