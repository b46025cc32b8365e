import { FLAG, isValid } from '@p2mtrace/trace-format';
import type { EventState } from '../batch/handlers.js';
import type { ReplayBatch } from '../batch/replay-batch.js';
import { ABSENT, arg0Of, arg1Of, domidOf, gfnOf, hasFailed, mfnOf, pcpuOf } from '../batch/row-values.js';
import { domidOfKey, grantKey, mapperOfKey } from '../memory/keys.js';
import { Records } from '../memory/records.js';
import type { StateImage } from '../memory/state-image.js';
import type { ContextState } from './context-state.js';
import type { ReplayContext } from './replay-context.js';

/** A record links to the previous mapping without a handle of the same two domains. */
const DOMID = 1;
const OWNER = 2;
const MFN = 3;
const GFN = 4;
const REF = 5;
const HANDLE = 6;
const FLAGS = 7;
const SEQ = 8;
/** For the fact recorder: the open span. */
const TAG = 9;
const WIDTH = 10;

/**
 * A mapping for a device and one for the host share a handle, and may be unmapped separately (XSA-224,
 * docs/xen.md#grant-mappings).
 */
export const HALVES = FLAG.device_map | FLAG.host_map;

/** A grant that is mapped. Frames and domid are -1 if unknown, ref and handle NaN. */
export interface GrantMapping {
  /** The domain that maps it, and the one that grants it. */
  readonly domid: number;
  readonly owner: number;
  readonly mfn: number;
  readonly gfn: number;
  readonly ref: number;
  readonly handle: number;
  readonly flags: number;
  /** NaN if it was there before the trace. */
  readonly seq: number;
}

/**
 * Grant mappings: by mapping domain and handle; if no handle is recorded (stock Xen, docs/xen.md#missing-records), by
 * the two domains, where the latest is unmapped first.
 */
export class GrantState implements EventState {
  /** Number of grant_transfer and decrease_reservation events by domid. */
  readonly transfers = new Map<number, number>();
  readonly decreases = new Map<number, number>();
  private readonly mappings = new Records(WIDTH);
  /** domid → handle → mapping. */
  private readonly byHandle = new Map<number, Map<number, number>>();
  /** Both domains → the latest mapping without a handle. */
  private readonly latest = new Map<number, number>();
  /** Told of mappings of a known frame that are made, or end, and how many references they have. */
  onMapping: (mfn: number, handle: number, domid: number, references: number, isMapped: boolean) => void = () => {};
  private readonly context: ReplayContext;
  private readonly contexts: ContextState;

  constructor(context: ReplayContext, contexts: ContextState) {
    this.context = context;
    this.contexts = contexts;
  }

  readonly handlers = {
    grant_map: (batch: ReplayBatch, row: number) => {
      if (!hasFailed(batch, row)) this.map(batch, row, this.context.now.seq);
    },
    grant_unmap: (batch: ReplayBatch, row: number) => this.unmap(batch, row),
    grant_transfer: (batch: ReplayBatch, row: number) => {
      if (!hasFailed(batch, row)) raise(this.transfers, batch.columns.domid[row]);
    },
    decrease_reservation: ({ columns }: ReplayBatch, row: number) => raise(this.decreases, columns.domid[row]),
    snapshot_grant: (batch: ReplayBatch, row: number) => this.map(batch, row, Number.NaN),
  };

  private map(batch: ReplayBatch, row: number, seq: number): void {
    const mfn = mfnOf(batch, row);
    const gfn = gfnOf(batch, row);
    if (!this.context.inRange(gfn, mfn)) return;
    const domid = this.mapperOf(batch, row);
    const owner = batch.columns.owner[row];
    const handle = arg1Of(batch, row);
    const ref = arg0Of(batch, row);
    const flags = isValid(batch.validity.flags, row) ? batch.columns.flags[row] : 0;
    const facts = this.context.facts?.grants;
    const open = this.byHandle.get(domid)?.get(handle);
    if (open !== undefined) {
      // The handle is in use, so its mapping has ended without an event.
      facts?.spans.lose(this.mappings.data[open + TAG]);
      this.mappings.remove(open);
    }
    const at = this.mappings.add();
    const { data } = this.mappings;
    if (mfn >= 0) this.onMapping(mfn, handle, domid, halvesOf(flags), true);
    data[at + DOMID] = domid;
    data[at + OWNER] = owner;
    data[at + MFN] = mfn;
    data[at + GFN] = gfn;
    data[at + REF] = ref;
    data[at + HANDLE] = handle;
    data[at + FLAGS] = flags;
    data[at + SEQ] = seq;
    data[at + TAG] = facts?.map(domid, owner, mfn, gfn, ref, handle, flags, !Number.isNaN(seq)) ?? 0;
    if (Number.isNaN(handle)) {
      data[at] = this.latest.get(grantKey(domid, owner)) ?? 0;
      this.latest.set(grantKey(domid, owner), at);
    } else {
      this.handlesOf(domid).set(handle, at);
    }
  }

  private unmap(batch: ReplayBatch, row: number): void {
    if (hasFailed(batch, row)) return;
    const domid = this.mapperOf(batch, row);
    const handle = arg1Of(batch, row);
    const pair = grantKey(domid, batch.columns.owner[row]);
    const at = (Number.isNaN(handle) ? this.latest.get(pair) : this.byHandle.get(domid)?.get(handle)) ?? 0;
    if (at === 0) this.unmapUnseen(batch, row, domid, handle);
    else if (this.mappings.data[at + MFN] >= 0) {
      const flags = isValid(batch.validity.flags, row) ? batch.columns.flags[row] & HALVES : 0;
      const halves = halvesOf(this.mappings.data[at + FLAGS] & (flags === 0 ? HALVES : flags));
      this.onMapping(this.mappings.data[at + MFN], handle, domid, halves, false);
    }
    if (at === 0 || this.keepsHalf(at, batch, row)) return;
    this.context.facts?.grants?.spans.end(this.mappings.data[at + TAG]);
    if (Number.isNaN(handle)) this.removeLatest(pair, this.mappings.data[at]);
    else this.removeHandle(domid, handle);
    this.mappings.remove(at);
  }

  /** Handles an unmap of what was mapped before the trace. */
  private unmapUnseen(batch: ReplayBatch, row: number, domid: number, handle: number): void {
    const facts = this.context.facts?.grants;
    if (facts === undefined) return;
    const flags = isValid(batch.validity.flags, row) ? batch.columns.flags[row] : 0;
    const [mfn, gfn, ref] = [mfnOf(batch, row), gfnOf(batch, row), arg0Of(batch, row)];
    facts.spans.end(facts.map(domid, batch.columns.owner[row], mfn, gfn, ref, handle, flags, false));
  }

  private removeHandle(domid: number, handle: number): void {
    const handles = this.byHandle.get(domid);
    handles?.delete(handle);
    if (handles?.size === 0) this.byHandle.delete(domid);
  }

  /** `before`: the previous mapping of the same two domains, which becomes the latest; 0 for none. */
  private removeLatest(pair: number, before: number): void {
    if (before === 0) this.latest.delete(pair);
    else this.latest.set(pair, before);
  }

  /** True if the unmap names one half and the mapping has the other as well. */
  private keepsHalf(at: number, batch: ReplayBatch, row: number): boolean {
    const { data } = this.mappings;
    const named = isValid(batch.validity.flags, row) ? batch.columns.flags[row] & HALVES : 0;
    if (named === 0) return false;
    const left = data[at + FLAGS] & HALVES & ~named;
    if (left === 0) return false;
    data[at + FLAGS] = (data[at + FLAGS] & ~HALVES) | left;
    return true;
  }

  /** The domain that maps: the recorded one, or else the one that runs; ABSENT (its own key) if unknown. */
  mapperOf(batch: ReplayBatch, row: number): number {
    const domid = domidOf(batch, row);
    const running = this.contexts.running[pcpuOf(batch, row)] ?? ABSENT;
    return domid >= 0 || running < 0 ? domid : domidOfKey(running);
  }

  private handlesOf(domid: number): Map<number, number> {
    let handles = this.byHandle.get(domid);
    if (handles === undefined) {
      handles = new Map();
      this.byHandle.set(domid, handles);
    }
    return handles;
  }

  /** Every mapped grant; of those that differ in nothing but age, the oldest first. */
  all(): GrantMapping[] {
    const { data } = this.mappings;
    const all: GrantMapping[] = [];
    this.mappings.forEach(at => {
      if (!Number.isNaN(data[at + HANDLE])) all.push(this.mapping(at));
    });
    for (const latest of this.latest.values()) {
      const chain: GrantMapping[] = [];
      for (let at = latest; at !== 0; at = data[at]) chain.push(this.mapping(at));
      all.push(...chain.reverse());
    }
    return all;
  }

  private mapping(at: number): GrantMapping {
    const [, domid, owner, mfn, gfn, ref, handle, flags, seq] = this.mappings.data.subarray(at, at + TAG);
    return { domid, owner, mfn, gfn, ref, handle, flags, seq };
  }

  forget(): void {
    this.mappings.clear();
    this.byHandle.clear();
    this.latest.clear();
  }

  /** Forgets what the domain mapped; mappings of what it granted stay until they are unmapped. */
  forgetDomain(domid: number): void {
    this.mappings.forEach(at => {
      if (this.mappings.data[at + DOMID] !== domid) return;
      this.context.facts?.grants?.spans.end(this.mappings.data[at + TAG]);
      this.mappings.remove(at);
    });
    this.byHandle.delete(domid);
    for (const key of this.latest.keys()) if (mapperOfKey(key) === domid) this.latest.delete(key);
    this.transfers.delete(domid);
    this.decreases.delete(domid);
  }

  transfer(image: StateImage): void {
    image.part('mappings', this.mappings);
    image.map('latest', this.latest);
    image.map('transfers', this.transfers);
    image.map('decreases', this.decreases);
    if (!image.loading) return;
    this.byHandle.clear();
    this.mappings.forEach(at => {
      const { data } = this.mappings;
      if (!Number.isNaN(data[at + HANDLE])) this.handlesOf(data[at + DOMID]).set(data[at + HANDLE], at);
    });
  }
}

/** References that a mapping takes: one for each half that it has (XSA-224). */
const halvesOf = (flags: number): number => ((flags & HALVES) === HALVES ? 2 : 1);

function raise(counts: Map<number, number>, domid: number): void {
  counts.set(domid, (counts.get(domid) ?? 0) + 1);
}
