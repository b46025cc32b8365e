import { FLAG, getU53, isValid, KIND, KINDS, type ReadBatch } from '@p2mtrace/trace-format';
import { hasFailed } from '../batch/row-values.js';
import { p2mKey, vcpuKey } from '../memory/keys.js';
import { LastWrites, NOWHERE, pcpuOfPlace, placeOf, rowOfPlace } from './last-writes.js';
import { CAUSE, type OrderLog } from './order-log.js';
import { Touches } from './touches.js';

/** Columns that tell what orders events. */
export const ORDER_TRACKER_COLUMNS = [
  'kind',
  'domid',
  'view',
  'gfn',
  'mfn',
  'order',
  'flags',
  'rc',
  'arg0',
  'arg1',
] as const;
export type OrderBatch = ReadBatch<(typeof ORDER_TRACKER_COLUMNS)[number]>;

/** Frames of a chunk that are looked at one by one; of more, all their events are taken for touched. */
const MOST_FRAMES = 512;
const HOST = 0;

/** What an event does to the entry of its gfn. */
const READS = 1;
const WRITES = 2;
/** What it does to the page of its mfn. */
const TOUCHES = 4;

const roles = new Uint8Array(KINDS.length);
const give = (role: number, ...kinds: (keyof typeof KIND)[]) => {
  for (const kind of kinds) roles[KIND[kind]] |= role;
};
give(READS, 'lookup');
give(WRITES, 'set_entry');
// Protocols in which one step follows another: they both see the entry and change it.
give(READS | WRITES, 'pod_populate', 'pod_zero_reclaim', 'pod_splinter', 'decrease_reservation');
give(READS | WRITES, 'page_nominate', 'page_evict', 'page_populate', 'page_prep', 'page_resume');
give(READS | WRITES, 'share_nominate', 'share_pages', 'unshare', 'remap', 'foreign_map', 'foreign_unmap');
give(READS | WRITES, 'phys_to_machine_set');
give(TOUCHES, 'get_page', 'get_page_failed', 'put_page', 'alloc_ref_drop', 'get_type', 'put_type', 'owner_set');
give(TOUCHES, 'page_use', 'm2p_set', 'share_nominate', 'share_pages', 'unshare', 'rmap_add', 'rmap_del');
give(TOUCHES, 'grant_map', 'grant_unmap', 'pod_cache_add', 'pod_cache_get', 'foreign_map', 'foreign_unmap');
give(TOUCHES, 'm2p_override_add', 'm2p_override_remove', 'p2m_table_alloc', 'p2m_table_free');

/**
 * Follows what orders events of different pcpus besides locks (docs/predict.md#what-orders-events) and notes it in an
 * OrderLog. Memory follows live state: entries, pages, domains, vcpus, grants.
 */
export class OrderTracker {
  private readonly orders: OrderLog;
  private readonly entries = new Map<number, LastWrites>();
  /** A write of the whole p2m, and its last flush, by its key. */
  private readonly wholes = new Map<number, number>();
  private readonly flushes = new Map<number, number>();
  private readonly translated = new Touches();
  private readonly pages = new LastWrites();
  private readonly pageTouches = new Touches();
  private readonly contents = new Map<number, number>();
  private readonly created = new Map<number, number>();
  private readonly domainTouches = new Touches();
  /** By pcpu: the vcpu that runs, and the row of its last event. */
  private readonly running: number[] = [];
  private readonly lastRows: number[] = [];
  /** By vcpu: where it ran last. */
  private readonly ran = new Map<number, number>();
  private readonly grants = new Map<number, number>();
  private pcpu = 0;
  private row = 0;

  constructor(orders: OrderLog) {
    this.orders = orders;
  }

  /** An event at row `at` of the batch, of the pcpu with this number; `row` is its place in the trace. */
  see(batch: OrderBatch, at: number, pcpu: number, row: number): void {
    this.pcpu = pcpu;
    this.row = row;
    const { columns: c, validity: v } = batch;
    const kind = c.kind[at];
    if (isValid(v.domid, at)) this.ofDomain(c.domid[at], kind);
    const role = roles[kind];
    if ((role & (READS | WRITES)) !== 0 && isValid(v.gfn, at)) this.ofEntry(batch, at, role);
    if ((role & TOUCHES) !== 0 && isValid(v.mfn, at)) this.ofPage(getU53(c.mfn, at));
    switch (kind) {
      case KIND.page_alloc:
      case KIND.page_free:
        this.life(batch, at, kind === KIND.page_free);
        break;
      case KIND.owner_set:
        this.pages.set(getU53(c.mfn, at), 0, placeOf(row, pcpu));
        break;
      case KIND.page_use:
        this.use(batch, at);
        break;
      case KIND.type_change_range:
      case KIND.view_create:
      case KIND.view_destroy:
      case KIND.view_reset:
        this.wholes.set(p2mKey(c.domid[at], c.view[at]), placeOf(row, pcpu));
        break;
      case KIND.tlb_flush:
        this.flush(p2mKey(c.domid[at], c.view[at]));
        break;
      case KIND.sched_switch:
        this.schedSwitch(vcpuKey(c.domid[at], c.arg0[2 * at]), (c.arg1[2 * at] & 15) === 0);
        break;
      case KIND.grant_map:
      case KIND.grant_unmap:
        this.grant(batch, at);
        break;
    }
    this.lastRows[pcpu] = row;
  }

  /** Another pcpu gives back what `taker` has: after all that was done before, and `taker` goes on after that. */
  givenFor(taker: number, giver: number, row: number): void {
    for (const [other, last] of this.lastRows.entries()) {
      if (last !== undefined) this.orders.add(giver, row, other, last, CAUSE.release);
    }
    this.orders.add(taker, row, giver, row, CAUSE.release);
  }

  private after(place: number | undefined, cause: number): void {
    if (place === undefined || place === NOWHERE) return;
    this.orders.add(this.pcpu, this.row, pcpuOfPlace(place), rowOfPlace(place), cause);
  }

  private ofDomain(domid: number, kind: number): void {
    const here = placeOf(this.row, this.pcpu);
    if (kind === KIND.domain_create) {
      this.domainTouches.joinAll(domid, this.pcpu, this.row, this.orders, CAUSE.domain);
      this.created.set(domid, here);
    } else this.after(this.created.get(domid), CAUSE.domain);
    if (kind === KIND.domain_destroy) {
      this.domainTouches.joinAll(domid, this.pcpu, this.row, this.orders, CAUSE.domain);
      this.domainTouches.forget(domid);
      this.created.set(domid, here);
    } else this.domainTouches.touch(domid, this.pcpu, this.row);
  }

  private ofEntry(batch: OrderBatch, at: number, role: number): void {
    const { columns: c, validity: v } = batch;
    if (hasFailed(batch, at)) return;
    const key = p2mKey(c.domid[at], c.view[at]);
    const gfn = getU53(c.gfn, at);
    if ((role & READS) !== 0) {
      this.seeEntry(key, gfn);
      // What a view does not have itself, it has from the host.
      if (c.view[at] !== HOST) this.seeEntry(p2mKey(c.domid[at], HOST), gfn);
    }
    this.translated.touch(key, this.pcpu, this.row);
    this.after(this.flushes.get(key), CAUSE.flush);
    if ((role & WRITES) === 0) return;
    let writes = this.entries.get(key);
    if (writes === undefined) {
      writes = new LastWrites();
      this.entries.set(key, writes);
    }
    writes.set(gfn, isValid(v.order, at) ? c.order[at] : 0, placeOf(this.row, this.pcpu));
  }

  private seeEntry(key: number, gfn: number): void {
    this.after(this.entries.get(key)?.get(gfn), CAUSE.entry);
    this.after(this.wholes.get(key), CAUSE.entry);
  }

  private ofPage(mfn: number): void {
    this.after(this.pages.get(mfn), CAUSE.page);
    this.pageTouches.touch(mfn, this.pcpu, this.row);
  }

  /** An allocation sees the free before it; a free comes after all that was done with the page. */
  private life({ columns: c }: OrderBatch, at: number, isFree: boolean): void {
    const mfn = getU53(c.mfn, at);
    const order = c.order[at];
    const frames = 2 ** order;
    const first = Math.floor(mfn / frames) * frames;
    if (frames > MOST_FRAMES) this.orders.barrier(this.row);
    for (let frame = first; frame < first + Math.min(frames, MOST_FRAMES); frame++) {
      this.after(this.pages.get(frame), CAUSE.page);
      this.pageTouches.joinAll(frame, this.pcpu, this.row, this.orders, CAUSE.page);
      if (isFree) this.pageTouches.forget(frame);
    }
    this.pages.set(first, order, placeOf(this.row, this.pcpu));
  }

  private use({ columns: c, validity: v }: OrderBatch, at: number): void {
    const mfn = getU53(c.mfn, at);
    if ((c.flags[at] & FLAG.read) !== 0) this.after(this.contents.get(mfn), CAUSE.content);
    if ((c.flags[at] & FLAG.write) !== 0) this.contents.set(mfn, placeOf(this.row, this.pcpu));
    if (isValid(v.domid, at)) this.translated.touch(p2mKey(c.domid[at], HOST), this.pcpu, this.row);
  }

  /** All that have used a translation have acknowledged it; whoever translates later does so after it. */
  private flush(key: number): void {
    this.translated.joinAll(key, this.pcpu, this.row, this.orders, CAUSE.flush);
    this.flushes.set(key, placeOf(this.row, this.pcpu));
  }

  private schedSwitch(vcpu: number, runs: boolean): void {
    const { pcpu, row } = this;
    const before = this.running[pcpu] ?? -1;
    if (runs && before !== vcpu) {
      if (before >= 0) this.ran.set(before, placeOf(row, pcpu));
      // It may have been seen nowhere leaving the pcpu that it ran on.
      const elsewhere = this.running.indexOf(vcpu);
      if (elsewhere >= 0) {
        this.after(placeOf(this.lastRows[elsewhere] ?? 0, elsewhere), CAUSE.vcpu);
        this.running[elsewhere] = -1;
      } else this.after(this.ran.get(vcpu), CAUSE.vcpu);
      this.running[pcpu] = vcpu;
    } else if (!runs && before === vcpu) {
      this.ran.set(vcpu, placeOf(row, pcpu));
      this.running[pcpu] = -1;
    }
  }

  /** What a handle stands for is unmapped after it was mapped, and mapped again after that. */
  private grant(batch: OrderBatch, at: number): void {
    const { columns: c, validity: v } = batch;
    if (!isValid(v.arg1, at) || !isValid(v.domid, at) || hasFailed(batch, at)) return;
    const key = c.domid[at] * 2 ** 32 + c.arg1[2 * at];
    this.after(this.grants.get(key), CAUSE.grant);
    this.grants.set(key, placeOf(this.row, this.pcpu));
  }
}
