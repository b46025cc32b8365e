import { framesOf } from '../memory/order.js';
import { Blame, MAPPING } from './blame.js';
import { Claims } from './claims.js';
import { GRANULE_ORDER, type LockDesign } from './design.js';
import {
  CHUNK_OPS,
  OP_BEGIN,
  OP_CLAIM,
  OP_END,
  OP_KEPT,
  OP_LOCK,
  OP_MAP,
  OP_SHARED,
  OP_TICK,
  OP_UNLOCK,
  OP_UNRECORDED,
  OP_WHOLE,
  OP_WRITES,
  type OpChunk,
  type OpStream,
} from './op-stream.js';
import { firstOf, type Overlay } from './overlay.js';
import { ReadyQueue } from './ready-queue.js';
import { WaitTimes } from './wait-times.js';
import { WorkMeter } from './work-meter.js';

/** How p2ms are claimed. */
const NOT = 0;
/** As the locks were recorded, in their recorded order. */
const RECORDED = 1;
/** As recorded, in order of arrival. */
const AS_RECORDED = 2;
const WHOLE_P2M = 3;
const RANGES = 4;

/** Sections that a pcpu may have open at once. */
const DEPTH = 16;
/** Locks of other classes that a pcpu may hold at once. */
const HELD = 64;
const MASK = CHUNK_OPS - 1;
/** Deadlocks that are told in full. */
const TOLD = 20;

/** One of those that wait for each other. */
export interface DeadlockMember {
  readonly pcpu: number;
  /** seq of the section's beginning, and of the operation that waits; NaN for no section. */
  readonly section: number;
  readonly seq: number;
  readonly site: number;
  readonly resource: number;
  /** Gfns; null for all of them, or for a lock of another class. */
  readonly wanted: readonly [first: number, last: number] | null;
  readonly held: readonly (readonly [first: number, last: number] | null)[];
}
export interface Deadlock {
  readonly time: number;
  readonly members: readonly DeadlockMember[];
}

/** A section as it went in an experiment; times are ticks since the trace began. */
export interface SectionRun {
  readonly pcpu: number;
  readonly seq: number;
  readonly site: number;
  readonly begin: number;
  readonly end: number;
  readonly wait: number;
  readonly writes: boolean;
}

/** Told of sections as they end. */
export type WatchSections = (run: SectionRun) => void;

export interface SimulationOptions {
  readonly design: LockDesign;
  readonly streams: readonly OpStream[];
  readonly overlay: Overlay;
  /** Mappings keep their claim as long as they are there. */
  readonly keepsMappings?: boolean;
  readonly watch?: WatchSections | undefined;
}

/**
 * Discrete events: pcpus do their operations in order, each taking as long as recorded; what they claim of p2ms is
 * granted as the design says, locks of other classes as recorded, first come, first served.
 */
export class Simulation {
  readonly design: LockDesign;
  sections = 0;
  upgrades = 0;
  deadlocks = 0;
  readonly told: Deadlock[] = [];
  /** Waits for p2ms, by section. */
  readonly waits = new WaitTimes();
  /** Ticks that were waited for locks of other classes. */
  otherWait = 0;
  readonly blame = new Blame();
  readonly meter = new WorkMeter();
  /** Changes that waited for a mapping. */
  readonly mappingWaits = new WaitTimes();
  /** Claims of mappings that were broken, as nobody could go on. */
  broken = 0;
  makespan = 0;
  /** Granules claimed at once, at most. */
  peakGranules = 0;

  private readonly how: number;
  private readonly writesAlways: boolean;
  private readonly declares: boolean;
  private readonly readersFirst: boolean;
  private readonly granule: number;
  private readonly keepsMappings: boolean;
  private readonly watch: WatchSections | undefined;
  private readonly overlay: Overlay;
  private readonly streams: readonly OpStream[];
  private readonly pcpus: number;
  private readonly queue: ReadyQueue;
  private granules = 0;
  private ticket = 0;

  /** By resource. */
  private readonly claims: (Claims | undefined)[] = [];
  /** By resource, in the recorded order: holds given back, all and those for writing. */
  private readonly given: number[] = [];
  private readonly givenWrites: number[] = [];

  /** By pcpu: where it is, and the request that it waits for. */
  private readonly at: Float64Array;
  private readonly now: Float64Array;
  private readonly waiting: Uint8Array;
  private readonly chunks: (OpChunk | undefined)[];
  private readonly reqRes: Int32Array;
  private readonly reqFirst: Float64Array;
  private readonly reqLast: Float64Array;
  private readonly reqWrites: Uint8Array;
  private readonly reqUpgrade: Uint8Array;
  private readonly reqTicket: Float64Array;
  private readonly reqSince: Float64Array;
  private readonly reqHandoff: Float64Array;
  private readonly reqNeed: Float64Array;
  private readonly reqShared: Uint8Array;
  private readonly reqSeq: Float64Array;
  private readonly reqSite: Float64Array;
  private readonly reqBlamed: Float64Array;
  /** The request is one of a section. */
  private readonly reqP2m: Uint8Array;
  private readonly blockers: Int32Array;

  /** By pcpu: its sections, the outer ones first. */
  private readonly depth: Uint8Array;
  private readonly secRes: Int32Array;
  private readonly secWait: Float64Array;
  private readonly secWrites: Uint8Array;
  private readonly secSite: Float64Array;
  private readonly secSince: Float64Array;
  private readonly secSeq: Float64Array;
  /** Of the outermost: where it began, and how many other locks were held then. */
  private readonly secAt: Float64Array;
  private readonly secHeld: Uint8Array;
  /** By pcpu: what a section that starts again has waited before. */
  private readonly carried: Float64Array;
  /** By pcpu: its section has started again, and passes nobody any more: else a deadlock could come back for ever. */
  private readonly restarted: Uint8Array;
  /** By pcpu: locks of other classes that it holds. */
  private readonly heldRes: Int32Array;
  private readonly held: Uint8Array;
  /** By mapping: the pcpu of the experiment that made it. */
  private readonly mappings = new Map<number, number>();

  constructor({ design, streams, overlay, keepsMappings = false, watch }: SimulationOptions) {
    this.design = design;
    this.streams = streams;
    this.overlay = overlay;
    this.watch = watch;
    const n = overlay.pcpus;
    this.pcpus = n;
    const { discipline, granularity, upgrade, fairness } = design;
    if (discipline === 'refuse') this.how = NOT;
    else if (discipline === 'recorded')
      this.how = n === streams.length && overlay.shifts.length === 1 ? RECORDED : AS_RECORDED;
    else this.how = granularity === null || granularity === 'all' ? WHOLE_P2M : RANGES;
    this.writesAlways = discipline === 'exclusive' || discipline === 'range-exclusive';
    this.declares = upgrade === 'declare';
    this.readersFirst = fairness === 'reader-preference';
    this.granule = granularity === null || granularity === 'all' ? 1 : framesOf(GRANULE_ORDER[granularity]);
    this.keepsMappings = keepsMappings && this.how >= WHOLE_P2M;
    this.queue = new ReadyQueue(n);
    this.at = new Float64Array(n);
    this.now = new Float64Array(n);
    this.waiting = new Uint8Array(n);
    this.chunks = new Array(n);
    this.reqRes = new Int32Array(n);
    this.reqFirst = new Float64Array(n);
    this.reqLast = new Float64Array(n);
    this.reqWrites = new Uint8Array(n);
    this.reqUpgrade = new Uint8Array(n);
    this.reqTicket = new Float64Array(n);
    this.reqSince = new Float64Array(n);
    this.reqHandoff = new Float64Array(n);
    this.reqNeed = new Float64Array(n);
    this.reqShared = new Uint8Array(n);
    this.reqSeq = new Float64Array(n);
    this.reqSite = new Float64Array(n);
    this.reqBlamed = new Float64Array(n);
    this.reqP2m = new Uint8Array(n);
    this.blockers = new Int32Array(n);
    this.depth = new Uint8Array(n);
    this.secRes = new Int32Array(n * DEPTH);
    this.secWait = new Float64Array(n * DEPTH);
    this.secWrites = new Uint8Array(n * DEPTH);
    this.secSite = new Float64Array(n * DEPTH);
    this.secSince = new Float64Array(n * DEPTH);
    this.secSeq = new Float64Array(n * DEPTH);
    this.secAt = new Float64Array(n);
    this.secHeld = new Uint8Array(n);
    this.carried = new Float64Array(n);
    this.restarted = new Uint8Array(n);
    this.heldRes = new Int32Array(n * HELD);
    this.held = new Uint8Array(n);
    for (let p = 0; p < n; p++) {
      this.now[p] = overlay.shifts[Math.floor(p / overlay.streams)];
      this.schedule(p);
    }
  }

  /** The first operation of a stream that is still needed. */
  needed(stream: number): number {
    let least = Number.POSITIVE_INFINITY;
    for (let p = stream; p < this.pcpus; p += this.overlay.streams) {
      least = Math.min(least, this.depth[p] > 0 ? this.secAt[p] : this.at[p]);
    }
    return least;
  }

  /** Goes on as far as the operations that are ready tell. */
  run(): void {
    const { queue, streams, overlay, at } = this;
    for (;;) {
      if (queue.size === 0) {
        if (!this.breakStandstill()) return;
        continue;
      }
      const p = queue.first;
      const stream = streams[p % overlay.streams];
      const place = at[p];
      if (place >= stream.ready) {
        if (!stream.ended || place < stream.end) {
          // It may be due by now.
          if (queue.seq[p] !== -1) {
            this.setDue(p);
            queue.settle();
            continue;
          }
          return;
        }
        queue.pop();
        continue;
      }
      if (queue.seq[p] === -1) {
        this.setDue(p);
        queue.settle();
        if (queue.first !== p) continue;
      }
      this.step(p, place);
    }
  }

  /** Does the operation of the pcpu that is due first. */
  private step(p: number, place: number): void {
    const { queue, at } = this;
    const chunk = this.chunkOf(p, this.streams[p % this.overlay.streams], place);
    const i = place & MASK;
    const time = queue.time[p];
    this.now[p] = time;
    at[p] = place + 1;
    if (i === MASK) this.chunks[p] = undefined;
    let goes = true;
    const kind = chunk.kind[i];
    if (kind !== OP_TICK && time > this.makespan) this.makespan = time;
    switch (kind) {
      case OP_TICK:
        break;
      case OP_LOCK:
        goes = this.lock(p, chunk, i, time);
        break;
      case OP_UNLOCK:
        this.unlock(p, chunk, i, time);
        break;
      case OP_BEGIN:
        goes = this.begin(p, chunk, i, time, place);
        break;
      case OP_CLAIM:
        goes = this.claim(p, chunk, i, time);
        break;
      case OP_END:
        this.end(p, chunk, i, time);
        break;
      case OP_MAP:
        if (this.keepsMappings) this.map(p, chunk, i);
        break;
      default:
        if (this.keepsMappings) this.unmap(p, chunk, i, time);
    }
    if (!goes) return;
    this.setDue(p);
    if (queue.size > 1) {
      // Others may have been woken meanwhile: it need not be the first any more.
      if (queue.first === p) queue.settle();
      else {
        queue.remove(p);
        queue.push(p);
      }
    }
  }

  /** When the next operation of the pcpu is due: if it is not known yet, not before now. */
  private setDue(p: number): void {
    const { queue } = this;
    const place = this.at[p];
    const stream = this.streams[p % this.overlay.streams];
    if (place >= stream.ready) {
      queue.time[p] = this.now[p];
      queue.seq[p] = -1;
      return;
    }
    const chunk = this.chunkOf(p, stream, place);
    const i = place & MASK;
    queue.time[p] = this.now[p] + chunk.ticks[i];
    queue.seq[p] = chunk.seq[i];
  }

  private schedule(p: number): void {
    this.setDue(p);
    this.queue.push(p);
  }

  private claimsOf(res: number): Claims {
    let claims = this.claims[res];
    if (claims === undefined) {
      claims = new Claims();
      this.claims[res] = claims;
    }
    return claims;
  }

  /** The chunk with the pcpu's next operation, kept until it comes to another. */
  private chunkOf(p: number, stream: OpStream, place: number): OpChunk {
    let chunk = this.chunks[p];
    if (chunk === undefined) {
      chunk = stream.chunk(place);
      this.chunks[p] = chunk;
    }
    return chunk;
  }

  // Locks of other classes.

  private lock(p: number, chunk: OpChunk, i: number, time: number): boolean {
    const res = chunk.res[i];
    const shared = chunk.flags[i] & OP_SHARED;
    const top = p * HELD + this.held[p];
    if (this.held[p] < HELD) {
      this.heldRes[top] = res;
      this.held[p]++;
    }
    if (this.how === RECORDED) return this.inOrder(p, chunk, i, time, false);
    const claims = this.claimsOf(res);
    if (claims.held === 0 && claims.waiters.length === 0) {
      if (shared !== 0) claims.isQueue = false;
      claims.add(p, 0, 0, shared === 0 ? 1 : 0, -1, -1);
      return true;
    }
    return this.request(p, claims, chunk, i, time, 0, 0, shared === 0 ? 1 : 0, false, false);
  }

  private unlock(p: number, chunk: OpChunk, i: number, time: number): void {
    const res = chunk.res[i];
    const bottom = p * HELD;
    for (let k = bottom + this.held[p] - 1; k >= bottom; k--) {
      if (this.heldRes[k] !== res) continue;
      this.heldRes.copyWithin(k, k + 1, bottom + this.held[p]);
      this.held[p]--;
      break;
    }
    if (this.how === RECORDED) this.giveBack(res, (chunk.flags[i] & OP_SHARED) !== 0, time);
    else this.release(p, res, time);
  }

  // Sections.

  private begin(p: number, chunk: OpChunk, i: number, time: number, place: number): boolean {
    const flags = chunk.flags[i];
    if ((flags & OP_KEPT) !== 0) return this.lock(p, chunk, i, time);
    const d = p * DEPTH + this.depth[p];
    if (this.depth[p] === 0) {
      this.secAt[p] = place;
      this.secHeld[p] = this.held[p];
    }
    this.secRes[d] = chunk.res[i];
    this.secWait[d] = this.carried[p];
    this.carried[p] = 0;
    this.secWrites[d] = flags & OP_WRITES;
    this.secSite[d] = chunk.site[i];
    this.secSince[d] = time;
    this.secSeq[d] = chunk.seq[i];
    if (++this.depth[p] === 1) this.meter.change(time, 1, 1);
    if (this.how === NOT) return true;
    if (this.how === RECORDED) {
      if ((flags & OP_UNRECORDED) !== 0) return true;
      return this.inOrder(p, chunk, i, time, true);
    }
    if (this.how === AS_RECORDED && (flags & OP_UNRECORDED) !== 0) return true;
    const writes = this.mode(flags, flags);
    return this.want(p, chunk, i, time, writes);
  }

  /** Whether a claim is for writing, by its own flags and those of its section. */
  private mode(flags: number, section: number): number {
    if (this.writesAlways) return 1;
    if (this.how === AS_RECORDED) return (flags & OP_SHARED) === 0 ? 1 : 0;
    if (this.declares) return (section & OP_WRITES) !== 0 ? 1 : 0;
    return 0;
  }

  private claim(p: number, chunk: OpChunk, i: number, time: number): boolean {
    if (this.how < WHOLE_P2M) return true;
    const d = this.sectionOf(p, chunk.res[i]);
    if (d < 0) return true;
    if (this.how === WHOLE_P2M && (this.writesAlways || this.declares)) return true;
    const isChange = (chunk.flags[i] & OP_WRITES) !== 0;
    const converts = !this.writesAlways && !this.declares && isChange;
    const writes = converts ? 1 : this.mode(chunk.flags[i], this.secWrites[d]);
    return this.want(p, chunk, i, time, writes);
  }

  /** Claims what the operation is about, unless the pcpu has it. */
  private want(p: number, chunk: OpChunk, i: number, time: number, writes: number): boolean {
    const claims = this.claimsOf(chunk.res[i]);
    let first = 0;
    let last = 0;
    if (this.how === RANGES) {
      if ((chunk.flags[i] & OP_WHOLE) !== 0) {
        first = Number.NEGATIVE_INFINITY;
        last = Number.POSITIVE_INFINITY;
      } else {
        const copy = Math.floor(p / this.overlay.streams);
        first = Math.floor(firstOf(this.overlay, copy, chunk.first[i]) / this.granule);
        last = Math.floor(firstOf(this.overlay, copy, chunk.last[i]) / this.granule);
      }
    }
    if (claims.held === 0 && claims.waiters.length === 0) {
      this.grant(p, claims, first, last, writes, chunk.site[i]);
      return true;
    }
    if (claims.covers(p, first, last, writes)) return true;
    const upgrade = writes === 1 && claims.touches(p, first, last);
    if (upgrade && !this.writesAlways && !this.declares) this.upgrades++;
    return this.request(p, claims, chunk, i, time, first, last, writes, upgrade, true);
  }

  private sectionOf(p: number, res: number): number {
    for (let d = p * DEPTH + this.depth[p] - 1; d >= p * DEPTH; d--) if (this.secRes[d] === res) return d;
    return -1;
  }

  private end(p: number, chunk: OpChunk, i: number, time: number): void {
    const res = chunk.res[i];
    const d = this.sectionOf(p, res);
    if (d < 0) {
      this.unlock(p, chunk, i, time);
      return;
    }
    this.sections++;
    if (this.secWait[d] > 0) this.waits.add(this.secWait[d]);
    this.watch?.({
      pcpu: p,
      seq: this.secSeq[d],
      site: this.secSite[d],
      begin: this.secSince[d],
      end: time,
      wait: this.secWait[d],
      writes: this.secWrites[d] !== 0,
    });
    const end = p * DEPTH + this.depth[p];
    if (d + 1 < end) {
      for (const stack of [this.secRes, this.secWait, this.secWrites, this.secSite, this.secSince, this.secSeq]) {
        stack.copyWithin(d, d + 1, end);
      }
    }
    if (--this.depth[p] === 0) {
      this.meter.change(time, -1, -1);
      this.restarted[p] = 0;
    }
    if (this.how === RECORDED) {
      if ((chunk.flags[i] & OP_UNRECORDED) === 0) this.giveBack(res, (chunk.flags[i] & OP_SHARED) !== 0, time);
    } else if (this.how !== NOT) this.release(p, res, time);
  }

  // Mappings.

  private map(p: number, chunk: OpChunk, i: number): void {
    const copy = Math.floor(p / this.overlay.streams);
    const id = chunk.need[i] * this.overlay.shifts.length + copy;
    if (this.mappings.has(id)) return;
    const ranges = this.how === RANGES;
    const first = ranges ? Math.floor(firstOf(this.overlay, copy, chunk.first[i]) / this.granule) : 0;
    const last = ranges ? Math.floor(firstOf(this.overlay, copy, chunk.last[i]) / this.granule) : 0;
    this.mappings.set(id, p);
    this.grant(this.pcpus + p, this.claimsOf(chunk.res[i]), first, last, 0, MAPPING, id);
  }

  private unmap(p: number, chunk: OpChunk, i: number, time: number): void {
    const id = chunk.need[i] * this.overlay.shifts.length + Math.floor(p / this.overlay.streams);
    if (!this.mappings.delete(id)) return;
    const claims = this.claimsOf(chunk.res[i]);
    for (let k = 0; k < claims.held; k++) {
      if (claims.mapping[k] !== id) continue;
      this.takeBack(claims, k);
      break;
    }
    this.wake(claims, time);
  }

  // Claims: granted, waited for, given back.

  private grant(
    owner: number,
    claims: Claims,
    first: number,
    last: number,
    writes: number,
    site: number,
    mapping = -1,
  ): void {
    const isPlain =
      writes === 1 && first === 0 && last === 0 && mapping < 0 && this.granule === 1 && this.how !== RANGES;
    if (claims.isQueue && !isPlain) this.countBlockers(claims);
    claims.add(owner, first, last, writes, site, mapping);
    claims.isP2m = true;
    this.granules += Number.isFinite(last) ? claims.uncovered(first, last, claims.held - 1) : 1;
    if (this.granules > this.peakGranules) this.peakGranules = this.granules;
  }

  private takeBack(claims: Claims, at: number): void {
    const holder = claims.owner[at];
    const from = claims.first[at];
    const to = claims.last[at];
    const mode = claims.writes[at];
    if (claims.isP2m) this.granules -= Number.isFinite(to) ? claims.uncovered(from, to, at) : 1;
    claims.remove(at);
    if (claims.isQueue) return;
    for (const v of claims.waiters) if (this.blocks(holder, from, to, mode, v)) this.blockers[v]--;
  }

  /** A claim of somebody else that the pcpu's request does not go with. */
  private blocks(owner: number, first: number, last: number, writes: number, v: number): boolean {
    if (owner === v || owner === this.pcpus + v) return false;
    return first <= this.reqLast[v] && this.reqFirst[v] <= last && (writes | this.reqWrites[v]) !== 0;
  }

  /** A request that came before keeps the later one waiting. */
  private isAhead(w: number, v: number): boolean {
    const passes = this.readersFirst && this.reqWrites[v] === 0 && this.restarted[v] === 0;
    if (this.reqUpgrade[v] !== 0 || passes) return false;
    return this.reqTicket[w] < this.reqTicket[v] && this.conflict(w, v);
  }

  private conflict(w: number, v: number): boolean {
    return (
      w !== v &&
      this.reqFirst[w] <= this.reqLast[v] &&
      this.reqFirst[v] <= this.reqLast[w] &&
      (this.reqWrites[w] | this.reqWrites[v]) !== 0
    );
  }

  /** Asks for a claim; false if the pcpu has to wait. */
  private request(
    p: number,
    claims: Claims,
    chunk: OpChunk,
    i: number,
    time: number,
    first: number,
    last: number,
    writes: number,
    upgrade: boolean,
    isP2m: boolean,
  ): boolean {
    this.reqRes[p] = chunk.res[i];
    this.reqFirst[p] = first;
    this.reqLast[p] = last;
    this.reqWrites[p] = writes;
    this.reqUpgrade[p] = upgrade ? 1 : 0;
    this.reqTicket[p] = this.ticket++;
    if (claims.isQueue) {
      if (first === 0 && last === 0 && writes === 1 && !upgrade) {
        return this.enqueue(p, claims, chunk, i, time, isP2m);
      }
      this.countBlockers(claims);
    }
    let blockers = 0;
    let blamed = -1;
    for (let k = 0; k < claims.held; k++) {
      if (!this.blocks(claims.owner[k], claims.first[k], claims.last[k], claims.writes[k], p)) continue;
      if (blockers++ === 0) blamed = claims.site[k];
    }
    for (const w of claims.waiters) {
      if (!this.isAhead(w, p)) continue;
      if (blockers++ === 0) blamed = this.reqSite[w];
    }
    if (blockers === 0) {
      this.granted(p, claims, isP2m, chunk.site[i]);
      return true;
    }
    this.blockers[p] = blockers;
    this.reqSince[p] = time;
    this.reqHandoff[p] = chunk.handoff[i];
    this.reqSeq[p] = chunk.seq[i];
    this.reqSite[p] = chunk.site[i];
    this.reqBlamed[p] = blamed;
    this.reqP2m[p] = isP2m ? 1 : 0;
    claims.waiters.push(p);
    this.block(p, time);
    // Nobody can wait for it yet if it has nothing.
    const own = chunk.kind[i];
    const hasMore = this.depth[p] > (own === OP_BEGIN ? 1 : 0) || this.held[p] > (isP2m ? 0 : 1);
    if (hasMore) this.breakCycles(p, time);
    return false;
  }

  /** Asks for a lock that everybody asks for alone: it is held by somebody else, or somebody waits. */
  private enqueue(p: number, claims: Claims, chunk: OpChunk, i: number, time: number, isP2m: boolean): false {
    this.blockers[p] = 1;
    this.reqSince[p] = time;
    this.reqHandoff[p] = chunk.handoff[i];
    this.reqSeq[p] = chunk.seq[i];
    this.reqSite[p] = chunk.site[i];
    this.reqBlamed[p] = claims.held > 0 ? claims.site[0] : this.reqSite[claims.waiters[0]];
    this.reqP2m[p] = isP2m ? 1 : 0;
    claims.waiters.push(p);
    this.block(p, time);
    const hasMore = this.depth[p] > (chunk.kind[i] === OP_BEGIN ? 1 : 0) || this.held[p] > (isP2m ? 0 : 1);
    if (hasMore) this.breakCycles(p, time);
    return false;
  }

  /** From now on each request is compared with the others. */
  private countBlockers(claims: Claims): void {
    claims.isQueue = false;
    for (const v of claims.waiters) {
      let blockers = 0;
      for (let k = 0; k < claims.held; k++) {
        if (this.blocks(claims.owner[k], claims.first[k], claims.last[k], claims.writes[k], v)) blockers++;
      }
      for (const w of claims.waiters) if (this.isAhead(w, v)) blockers++;
      this.blockers[v] = blockers;
    }
  }

  /** The pcpu's request is a claim from now on, which may keep others waiting that it did not before. */
  private granted(p: number, claims: Claims, isP2m: boolean, site: number): void {
    if (!claims.isQueue) {
      for (const v of claims.waiters) if (this.conflict(p, v) && !this.isAhead(p, v)) this.blockers[v]++;
    }
    if (isP2m) this.grant(p, claims, this.reqFirst[p], this.reqLast[p], this.reqWrites[p], site);
    else claims.add(p, this.reqFirst[p], this.reqLast[p], this.reqWrites[p], site, -1);
  }

  private block(p: number, time: number): void {
    this.waiting[p] = 1;
    if (this.queue.first === p) this.queue.pop();
    else this.queue.remove(p);
    if (this.depth[p] > 0) this.meter.change(time, 0, -1);
  }

  /** Gives back all that the pcpu has of a lock or p2m. */
  private release(p: number, res: number, time: number): void {
    const claims = this.claimsOf(res);
    if (claims.held === 1 && claims.waiters.length === 0 && claims.owner[0] === p) {
      claims.held = 0;
      if (claims.isP2m) {
        this.granules -= Number.isFinite(claims.last[0]) ? claims.last[0] - claims.first[0] + 1 : 1;
      }
      return;
    }
    for (let k = claims.held - 1; k >= 0; k--) {
      if (claims.owner[k] === p) this.takeBack(claims, k);
    }
    this.wake(claims, time);
  }

  /** Those whom nothing keeps waiting any more go on, the first one first. */
  private wake(claims: Claims, time: number): void {
    const { waiters } = claims;
    if (claims.isQueue) {
      const v = claims.held === 0 ? waiters.shift() : undefined;
      if (v === undefined) return;
      this.granted(v, claims, this.reqP2m[v] !== 0, this.reqSite[v]);
      this.resume(v, time);
      return;
    }
    for (let k = 0; k < waiters.length; k++) {
      const v = waiters[k];
      if (this.blockers[v] !== 0) continue;
      waiters.splice(k--, 1);
      this.granted(v, claims, this.reqP2m[v] !== 0, this.reqSite[v]);
      this.resume(v, time);
    }
  }

  private resume(v: number, time: number): void {
    const wait = time - this.reqSince[v] + this.reqHandoff[v];
    if (this.reqP2m[v] === 0) this.otherWait += wait;
    else {
      const d = this.sectionOf(v, this.reqRes[v]);
      if (d >= 0) this.secWait[d] += wait;
      this.blame.add(this.reqBlamed[v], d >= 0 ? this.secSite[d] : -1, wait);
      if (this.reqBlamed[v] === MAPPING) this.mappingWaits.add(wait);
    }
    this.waiting[v] = 0;
    this.now[v] = time + this.reqHandoff[v];
    if (this.depth[v] > 0) this.meter.change(time, 0, 1);
    this.schedule(v);
  }

  // The recorded order.

  private isDue(res: number, need: number, shared: boolean): boolean {
    return ((shared ? this.givenWrites[res] : this.given[res]) ?? 0) >= need;
  }

  private inOrder(p: number, chunk: OpChunk, i: number, time: number, isP2m: boolean): boolean {
    const res = chunk.res[i];
    const shared = (chunk.flags[i] & OP_SHARED) !== 0;
    this.reqRes[p] = res;
    this.reqSince[p] = time;
    this.reqHandoff[p] = chunk.handoff[i];
    this.reqNeed[p] = chunk.need[i];
    this.reqShared[p] = shared ? 1 : 0;
    this.reqP2m[p] = isP2m ? 1 : 0;
    this.reqSite[p] = chunk.site[i];
    this.reqBlamed[p] = -1;
    if (this.isDue(res, chunk.need[i], shared)) {
      if (chunk.handoff[i] === 0) {
        if (isP2m) this.lastSite(res, chunk.site[i]);
        return true;
      }
      this.reqBlamed[p] = this.lastSites[res] ?? -1;
      this.block(p, time);
      this.resume(p, time);
      if (isP2m) this.lastSite(res, chunk.site[i]);
      return false;
    }
    this.reqBlamed[p] = this.lastSites[res] ?? -1;
    this.claimsOf(res).waiters.push(p);
    this.block(p, time);
    return false;
  }

  /** By resource, in the recorded order: call site of the last holder. */
  private readonly lastSites: number[] = [];
  private lastSite(res: number, site: number): void {
    this.lastSites[res] = site;
  }

  private giveBack(res: number, shared: boolean, time: number): void {
    this.given[res] = (this.given[res] ?? 0) + 1;
    if (!shared) this.givenWrites[res] = (this.givenWrites[res] ?? 0) + 1;
    const waiters = this.claims[res]?.waiters;
    if (waiters === undefined) return;
    for (let k = 0; k < waiters.length; k++) {
      const v = waiters[k];
      if (!this.isDue(res, this.reqNeed[v], this.reqShared[v] !== 0)) continue;
      waiters.splice(k--, 1);
      if (this.reqP2m[v] !== 0) this.lastSite(res, this.reqSite[v]);
      this.resume(v, time);
    }
  }

  /** Nobody can go on: whatever they wait for is given to them. True if anybody waited. */
  private breakStandstill(): boolean {
    const p = this.waiting.indexOf(1);
    if (p < 0) return false;
    const time = this.reqSince[p];
    const claims = this.claimsOf(this.reqRes[p]);
    let broken = 0;
    for (let k = claims.held - 1; k >= 0; k--) {
      if (claims.mapping[k] < 0) continue;
      this.mappings.delete(claims.mapping[k]);
      this.takeBack(claims, k);
      broken++;
    }
    this.broken += broken;
    const latest = Math.max(time, this.makespan, ...this.now);
    if (broken > 0) this.wake(claims, latest);
    else if (this.how === RECORDED) {
      claims.waiters.splice(claims.waiters.indexOf(p), 1);
      this.resume(p, latest);
    } else this.force(p, latest);
    return true;
  }

  /** Gives the pcpu what it waits for, whoever has it. */
  private force(p: number, time: number): void {
    const claims = this.cancel(p);
    this.granted(p, claims, this.reqP2m[p] !== 0, this.reqSite[p]);
    this.resume(p, time);
    this.wake(claims, time);
  }

  // Deadlocks.

  /** Somebody who holds something waits: while there is a circle of waits with it, its youngest section starts again. */
  private breakCycles(p: number, time: number): void {
    while (this.waiting[p] !== 0) {
      const cycle = this.cycleFrom(p);
      if (cycle === undefined) return;
      this.deadlocks++;
      if (this.told.length < TOLD) this.told.push({ time, members: cycle.map(member => this.memberOf(member)) });
      let victim = -1;
      for (const q of cycle) {
        if (this.depth[q] === 0) continue;
        if (victim < 0 || this.isYounger(q, victim)) victim = q;
      }
      if (victim < 0) this.force(p, time);
      else this.restart(victim, time);
    }
  }

  private isYounger(a: number, b: number): boolean {
    const [x, y] = [a * DEPTH, b * DEPTH];
    if (this.secSince[x] !== this.secSince[y]) return this.secSince[x] > this.secSince[y];
    return this.secSeq[x] !== this.secSeq[y] ? this.secSeq[x] > this.secSeq[y] : a > b;
  }

  /**
   * All pcpus that wait for this one, be it through others, and it for them; undefined if there is none. Goes backward
   * first: few wait for one that has just come to wait.
   */
  private cycleFrom(p: number): number[] | undefined {
    const behind = new Set([p]);
    for (const v of behind) this.forEachBehind(v, w => behind.add(w));
    if (behind.size === 1) return undefined;
    const ahead = new Set<number>();
    const follow = (w: number) => {
      if (w < this.pcpus && this.waiting[w] !== 0 && behind.has(w)) ahead.add(w);
    };
    this.forEachAhead(p, follow);
    for (const v of ahead) if (v !== p) this.forEachAhead(v, follow);
    return ahead.size === 0 ? undefined : [...ahead].sort((a, b) => a - b);
  }

  /** Whom the pcpu waits for. */
  private forEachAhead(v: number, visit: (w: number) => void): void {
    const claims = this.claimsOf(this.reqRes[v]);
    for (let k = 0; k < claims.held; k++) {
      if (this.blocks(claims.owner[k], claims.first[k], claims.last[k], claims.writes[k], v)) visit(claims.owner[k]);
    }
    for (const w of claims.waiters) if (this.isAhead(w, v)) visit(w);
  }

  /** Who waits for the pcpu. */
  private forEachBehind(v: number, visit: (w: number) => void): void {
    for (let d = v * DEPTH; d < v * DEPTH + this.depth[v]; d++) this.forEachBlocked(v, this.secRes[d], visit);
    for (let k = v * HELD; k < v * HELD + this.held[v]; k++) this.forEachBlocked(v, this.heldRes[k], visit);
    if (this.waiting[v] === 0) return;
    for (const w of this.claimsOf(this.reqRes[v]).waiters) if (this.isAhead(v, w)) visit(w);
  }

  private forEachBlocked(v: number, res: number, visit: (w: number) => void): void {
    const claims = this.claimsOf(res);
    if (claims.waiters.length === 0) return;
    for (let k = 0; k < claims.held; k++) {
      if (claims.owner[k] !== v) continue;
      for (const w of claims.waiters) {
        if (this.blocks(v, claims.first[k], claims.last[k], claims.writes[k], w)) visit(w);
      }
    }
  }

  private memberOf(p: number): DeadlockMember {
    const ranges = this.how === RANGES && this.reqP2m[p] !== 0;
    const gfns = (first: number, last: number) =>
      ranges && Number.isFinite(last) ? ([first * this.granule, (last + 1) * this.granule - 1] as const) : null;
    const d = p * DEPTH;
    const held: (readonly [number, number] | null)[] = [];
    for (let k = d; k < d + this.depth[p]; k++) {
      const claims = this.claimsOf(this.secRes[k]);
      for (let c = 0; c < claims.held; c++) {
        if (claims.owner[c] !== p) continue;
        const finite = this.how === RANGES && Number.isFinite(claims.last[c]);
        held.push(finite ? [claims.first[c] * this.granule, (claims.last[c] + 1) * this.granule - 1] : null);
      }
    }
    return {
      pcpu: p,
      section: this.depth[p] > 0 ? this.secSeq[d] : Number.NaN,
      seq: this.reqSeq[p],
      site: this.depth[p] > 0 ? this.secSite[d] : this.reqSite[p],
      resource: this.reqRes[p],
      wanted: gfns(this.reqFirst[p], this.reqLast[p]),
      held,
    };
  }

  /** Gives up the pcpu's request; it keeps nobody waiting any more. */
  private cancel(p: number): Claims {
    const claims = this.claimsOf(this.reqRes[p]);
    claims.waiters.splice(claims.waiters.indexOf(p), 1);
    if (!claims.isQueue) for (const v of claims.waiters) if (this.isAhead(p, v)) this.blockers[v]--;
    return claims;
  }

  /** The outermost section of the pcpu begins again, and what it has waited stays waited. */
  private restart(p: number, time: number): void {
    const wanted = this.cancel(p);
    const wait = time - this.reqSince[p];
    const bottom = p * DEPTH;
    const given = new Set<number>();
    for (let d = bottom; d < bottom + this.depth[p]; d++) given.add(this.secRes[d]);
    const waited = this.secWait.slice(bottom, bottom + this.depth[p]).reduce((sum, one) => sum + one, 0);
    for (let k = p * HELD + this.secHeld[p]; k < p * HELD + this.held[p]; k++) given.add(this.heldRes[k]);
    this.waiting[p] = 0;
    this.held[p] = this.secHeld[p];
    this.depth[p] = 0;
    this.meter.change(time, -1, 0);
    this.at[p] = this.secAt[p];
    this.chunks[p] = undefined;
    this.now[p] = time;
    this.restarted[p] = 1;
    this.carried[p] = waited + (this.reqP2m[p] !== 0 ? wait : 0);
    if (this.reqP2m[p] !== 0) this.blame.add(this.reqBlamed[p], this.secSite[bottom], wait);
    this.queue.time[p] = time;
    this.queue.seq[p] = this.secSeq[bottom];
    this.queue.push(p);
    for (const res of given) this.release(p, res, time);
    this.wake(wanted, time);
  }
}
