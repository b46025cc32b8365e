import { FLAG, getU53, isValid, KIND, MODE_READ, type ReadBatch } from '@p2mtrace/trace-format';
import type { StateColumn } from '../batch/replay-batch.js';
import { p2mKey, vcpuKey } from '../memory/keys.js';
import type { Replayer } from '../replayer.js';

type Batch = ReadBatch<StateColumn>;

/** A replay of events in an order that may be another one than recorded, and what its events see. */
export class OtherOrder {
  private readonly replayer: Replayer;
  /** Frame → seq of the last write of its contents. */
  private readonly written = new Map<number, number>();

  constructor(replayer: Replayer) {
    this.replayer = replayer;
  }

  /** The events that are applied from now on are in this batch. */
  enter(batch: Batch): void {
    this.replayer.enter(batch);
  }

  apply(batch: Batch, row: number, seq: number): void {
    this.replayer.applyEntered(batch, row, row + 1);
    const { columns: c } = batch;
    if (c.kind[row] === KIND.page_use && (c.flags[row] & FLAG.write) !== 0) this.written.set(getU53(c.mfn, row), seq);
  }

  /** No other pcpu has the lock that the event takes, in a mode that excludes it. */
  mayTake({ columns: c, validity: v }: Batch, row: number): boolean {
    if (c.kind[row] !== KIND.lock_acquire || !isValid(v.pcpu, row) || (c.flags[row] & FLAG.failed) !== 0) return true;
    const { locks } = this.replayer;
    for (let pcpu = 0; pcpu < locks.pcpus; pcpu++) {
      if (pcpu !== c.pcpu[row] && this.has(pcpu, c.lock[row], c.mode[row])) return false;
    }
    return true;
  }

  /** The pcpu has the lock, in a mode that excludes this one. */
  has(pcpu: number, lock: number, mode: number): boolean {
    const { locks } = this.replayer;
    for (let i = locks.bottom(pcpu); i <= locks.innermost(pcpu); i++) {
      if (locks.heldLock[i] === lock && (mode !== MODE_READ || locks.heldMode[i] !== MODE_READ)) return true;
    }
    return false;
  }

  /** What the event sees of what others have done, as text; of contents, what was written from `from` on. */
  sees(batch: Batch, row: number, from: number): string {
    const { columns: c, validity: v } = batch;
    const { replayer } = this;
    const kind = c.kind[row];
    let text = isValid(v.domid, row) ? `domain ${replayer.health.createdAt(c.domid[row])} ` : '';
    if (kind === KIND.lookup && isValid(v.gfn, row)) {
      for (const view of new Set([c.view[row], 0])) text += this.entry(c.domid[row], view, getU53(c.gfn, row));
    }
    if (isValid(v.mfn, row) && kind !== KIND.lookup && kind !== KIND.set_entry) text += this.page(batch, row, from);
    if (kind === KIND.tlb_flush) text += `deferred ${replayer.tlb.deferred.get(p2mKey(c.domid[row], c.view[row]))}`;
    if (kind === KIND.sched_switch) {
      const place = replayer.running.indexOf(vcpuKey(c.domid[row], c.arg0[2 * row]));
      if (place >= 0 && place !== c.pcpu[row]) text += `runs on ${place}`;
    }
    return text;
  }

  private entry(domid: number, view: number, gfn: number): string {
    const table = this.replayer.p2ms.find(p2m => p2m.domid === domid && p2m.view === view);
    const entry = table?.lookup(gfn);
    return entry === undefined ? 'unknown ' : `entry ${entry.setSeq} ${entry.mfn} `;
  }

  private page({ columns: c }: Batch, row: number, from: number): string {
    const { pages } = this.replayer;
    const mfn = getU53(c.mfn, row);
    const slot = pages.directory.find(mfn);
    let text = `page ${pages.generation[slot]} ${pages.lifeSeq[slot]} `;
    if (c.kind[row] === KIND.page_free) text += `count ${pages.count(slot)} `;
    if (c.kind[row] === KIND.page_use && (c.flags[row] & FLAG.read) !== 0) {
      const seq = this.written.get(mfn) ?? -1;
      text += `contents ${seq < from ? 'from before' : seq} `;
    }
    return text;
  }
}
