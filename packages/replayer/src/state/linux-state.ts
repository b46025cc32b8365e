import { FLAG } from '@p2mtrace/trace-format';
import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { arg0Of, gfnOf, hasFailed, mfnOf } from '../batch/row-values.js';
import { DIVERGES } from '../facts/fact-specs.js';
import { DomainFrames } from '../memory/domain-frames.js';
import { FrameMembers } from '../memory/frame-members.js';
import { MAX_FRAME } from '../memory/frame-table.js';
import type { StateImage } from '../memory/state-image.js';
import { NO_MFN } from '../tables/p2m-table.js';
import type { ReplayContext } from './replay-context.js';

/** A record of phys_to_machine: the mfn (NO_MFN for INVALID_P2M_ENTRY), the two bits as flags, the event. */
export const LINUX_MFN = 0;
export const LINUX_BITS = 1;
export const LINUX_SEQ = 2;
const WIDTH = 3;
const BITS = FLAG.foreign | FLAG.identity;

/**
 * The state of a Linux PV guest: phys_to_machine by pfn, and the override chains of foreign frames
 * (docs/xen.md#linux-p2m).
 */
export class LinuxState implements EventState {
  readonly pfns = new DomainFrames(WIDTH);
  /** mfn → the pages that override it; a member's value is the mfn that its pfn had, NaN for unknown. */
  readonly overrides = new FrameMembers();
  private readonly context: ReplayContext;

  constructor(context: ReplayContext) {
    this.context = context;
  }

  readonly handlers = {
    phys_to_machine_set: (batch: ReplayBatch, row: number) => {
      if (!hasFailed(batch, row)) this.setPfn(batch, row, this.context.now.seq);
    },
    m2p_override_add: (batch: ReplayBatch, row: number) => this.add(batch, row),
    m2p_override_remove: (batch: ReplayBatch, row: number) => this.remove(batch, row),
    snapshot_linux: (batch: ReplayBatch, row: number) => this.setPfn(batch, row, Number.NaN),
    snapshot_override: (batch: ReplayBatch, row: number) => this.snapshot(batch, row),
  };

  private setPfn(batch: ReplayBatch, row: number, seq: number): void {
    const pfn = gfnOf(batch, row);
    const mfn = mfnOf(batch, row);
    if (!this.context.inRange(pfn, mfn)) return;
    this.write(batch.columns.domid[row], pfn, mfn, batch.columns.flags[row] & BITS, seq);
  }

  private write(domid: number, pfn: number, mfn: number, bits: number, seq: number): void {
    const table = this.pfns.of(domid);
    const at = table.make(pfn);
    table.data[at + LINUX_MFN] = mfn;
    table.data[at + LINUX_BITS] = bits;
    table.data[at + LINUX_SEQ] = seq;
  }

  /** An entry that an event implies: written unless it is already so. */
  private imply(domid: number, pfn: number, mfn: number, bits: number): void {
    if (this.isSo(domid, pfn, mfn, bits)) return;
    this.write(domid, pfn, mfn, bits, this.context.now.seq);
  }

  private isSo(domid: number, pfn: number, mfn: number, bits: number): boolean {
    const table = this.pfns.get(domid);
    const at = table?.find(pfn) ?? -1;
    if (table === undefined || at < 0 || table.data[at + LINUX_MFN] !== mfn) return false;
    // INVALID_P2M_ENTRY has both bits.
    return mfn === NO_MFN || table.data[at + LINUX_BITS] === bits;
  }

  private add(batch: ReplayBatch, row: number): void {
    const pfn = gfnOf(batch, row);
    const mfn = mfnOf(batch, row);
    if (hasFailed(batch, row) || !this.context.inRange(pfn, mfn)) return;
    const domid = batch.columns.domid[row];
    // If the recorder wrote the new entry first, the old one is no longer known.
    const known = this.isSo(domid, pfn, mfn, FLAG.foreign) ? Number.NaN : this.entry(domid, pfn, LINUX_MFN);
    const oldMfn = this.recorded(batch, row, known, this.entry(domid, pfn, LINUX_SEQ));
    const open = this.overrides.find(mfn, domid, pfn);
    if (open !== 0) this.end(open, Number.NaN);
    this.begin(mfn, domid, pfn, this.context.now.seq, oldMfn);
    this.imply(domid, pfn, mfn, FLAG.foreign);
  }

  private remove(batch: ReplayBatch, row: number): void {
    const pfn = gfnOf(batch, row);
    const mfn = mfnOf(batch, row);
    if (hasFailed(batch, row) || !this.context.inRange(pfn, mfn)) return;
    const domid = batch.columns.domid[row];
    const open = this.overrides.find(mfn, domid, pfn);
    const known = open === 0 ? Number.NaN : this.overrides.valueOf(open);
    const oldMfn = this.recorded(batch, row, known, open === 0 ? Number.NaN : this.overrides.seqOf(open));
    if (open !== 0) this.end(open, oldMfn);
    else this.context.facts?.linux?.removeUnseen(domid, pfn, mfn, oldMfn);
    if (Number.isNaN(oldMfn)) this.pfns.get(domid)?.remove(pfn);
    else this.imply(domid, pfn, oldMfn, 0);
  }

  /** A page joins a frame's chain; `seq` is NaN if it was there before. */
  private begin(mfn: number, domid: number, pfn: number, seq: number, oldMfn: number): void {
    const member = this.overrides.add(mfn, domid, pfn, seq, oldMfn);
    const span = this.context.facts?.linux?.add(domid, pfn, mfn, oldMfn, !Number.isNaN(seq));
    if (span !== undefined) this.overrides.setTag(member, span);
  }

  private end(member: number, restoredMfn: number): void {
    this.context.facts?.linux?.remove(this.overrides.tagOf(member), restoredMfn);
    this.overrides.remove(member);
  }

  /** The recorded old mfn, compared with the known one; if not recorded, the known one. NaN for unknown. */
  private recorded(batch: ReplayBatch, row: number, known: number, seq: number): number {
    const recorded = oldMfnOf(batch, row);
    if (Number.isNaN(recorded)) return known;
    if (!Number.isNaN(known) && known !== recorded) {
      this.context.diverge(batch, row, DIVERGES.old_mfn, known, recorded, seq);
    }
    return recorded;
  }

  /** A number of the pfn's record, NaN if unknown. */
  private entry(domid: number, pfn: number, field: number): number {
    const table = this.pfns.get(domid);
    const at = table?.find(pfn) ?? -1;
    return table === undefined || at < 0 ? Number.NaN : table.data[at + field];
  }

  private snapshot(batch: ReplayBatch, row: number): void {
    const pfn = gfnOf(batch, row);
    const mfn = mfnOf(batch, row);
    if (!this.context.inRange(pfn, mfn)) return;
    const domid = batch.columns.domid[row];
    if (this.overrides.find(mfn, domid, pfn) !== 0) return;
    this.begin(mfn, domid, pfn, Number.NaN, oldMfnOf(batch, row));
  }

  forget(): void {
    this.pfns.clear();
    this.overrides.clear();
  }

  forgetDomain(domid: number): void {
    this.pfns.delete(domid);
    for (const mfn of this.overrides.frames()) {
      for (const member of this.overrides.of(mfn)) {
        if (member.domid === domid) this.end(this.overrides.find(mfn, domid, member.gfn), Number.NaN);
      }
    }
  }

  transfer(image: StateImage): void {
    image.part('pfns', this.pfns);
    image.part('overrides', this.overrides);
  }
}

/** NaN if it was not recorded. INVALID_P2M_ENTRY is all ones. */
export function oldMfnOf(batch: ReplayBatch, row: number): number {
  const oldMfn = arg0Of(batch, row);
  return Number.isNaN(oldMfn) || oldMfn < MAX_FRAME ? oldMfn : NO_MFN;
}
