import { FLAG, isP2mLevel, isRecorded, isValid, KIND, MODE_READ, type TraceReader } from '@p2mtrace/trace-format';
import { siteAddress, siteOf, siteSymbol } from '../batch/call-site.js';
import { eventRange, isLocked, readRange, TOUCH_ALL, TOUCH_NOTHING, TOUCH_WRITE, TOUCHES } from './event-ranges.js';
import { GranuleSet } from './granule-set.js';
import { MappedFrames } from './mapped-frames.js';
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
  OP_UNMAP,
  OP_UNRECORDED,
  OP_WHOLE,
  OP_WRITES,
  OpStream,
} from './op-stream.js';
import type { SectionBatch } from './section-columns.js';
import { WaitTimes } from './wait-times.js';

const MASK = CHUNK_OPS - 1;
/** A section with more operations is closed to further knowledge, so that others can go on. */
const PATIENCE = 1 << 16;
/** Sections that one pcpu may be in at once. */
const DEPTH = 15;
/** Ranges of a section that are told apart; of more, each is claimed again. */
const RANGES = 64;

const K_LOOKUP = KIND.lookup;
const K_PUT_GFN = KIND.put_gfn;
const K_SET_ENTRY = KIND.set_entry;
const K_WAIT = KIND.lock_wait;
const K_ACQUIRE = KIND.lock_acquire;
const K_RELEASE = KIND.lock_release;
const K_LOST = KIND.lost;
const K_M2P_SET = KIND.m2p_set;
const K_DECREASE = KIND.decrease_reservation;
const K_GRANT_MAP = KIND.grant_map;
const K_GRANT_UNMAP = KIND.grant_unmap;
const K_FOREIGN_MAP = KIND.foreign_map;
const K_FOREIGN_UNMAP = KIND.foreign_unmap;

/** A section that is open; used again for the next one. */
class OpenSection {
  res = 0;
  /** Where it begins in the operations. */
  at = 0;
  depth = 0;
  /** No lock tells its end, but put_gfn. */
  byLookup = false;
  shared = false;
  writes = false;
  hasRange = false;
  site = -1;
  hasLookup = false;
  /** Final: what is learnt now comes too late. */
  closed = false;
  readonly first = new Float64Array(RANGES);
  readonly last = new Float64Array(RANGES);
  readonly written = new Uint8Array(RANGES);
  ranges = 0;

  begin(res: number, at: number, depth: number, byLookup: boolean, shared: boolean, site: number): this {
    this.res = res;
    this.at = at;
    this.depth = depth;
    this.byLookup = byLookup;
    this.shared = shared;
    this.writes = false;
    this.hasRange = false;
    this.site = site;
    this.hasLookup = false;
    this.closed = false;
    this.ranges = 0;
    return this;
  }

  /** The range is within one that it has, at least as strongly; else it is remembered. */
  has(first: number, last: number, write: boolean): boolean {
    for (let i = 0; i < this.ranges; i++) {
      if (this.first[i] <= first && last <= this.last[i] && (!write || this.written[i] === 1)) return true;
    }
    if (this.ranges < RANGES) {
      this.first[this.ranges] = first;
      this.last[this.ranges] = last;
      this.written[this.ranges++] = write ? 1 : 0;
    }
    return false;
  }
}

/** What is known of a pcpu while its events are read. */
class PcpuReading {
  readonly stream = new OpStream();
  /** Recorded time of the last operation. */
  time = 0;
  readonly sections: OpenSection[] = [];
  readonly spare: OpenSection[] = [];
  /** Other locks that it holds, and how often. */
  readonly held: number[] = [];
  readonly depths: number[] = [];
  readonly modes: number[] = [];
  /** The lock that it waits for, -1 for none, where that is in the operations, and since when. */
  waitLock = -1;
  waitAt = 0;
  waitSince = 0;
}

/** What there was in the trace, however it would have been locked. */
export interface SectionCounts {
  sections: number;
  /** Of those: recorded without a range of gfns, so that they claim all. */
  withoutRange: number;
  /** Of those: on all of a p2m. */
  whole: number;
  writing: number;
  /** Begun by a lookup, as no lock was recorded. */
  byLookup: number;
  /** Cut by a loss, or by the end of the trace. */
  cut: number;
  /** So long that their end was not known when they had to be judged. */
  long: number;
  /** Ranges with an order above 0, and those of them that are not aligned to it. */
  ordered: number;
  unaligned: number;
  /** Foreign and grant mappings, and those of them whose gfn is not known. */
  mappings: number;
  unknownMappings: number;
  /** Recorded waits that no recorded hold explains. */
  unexplained: number;
  /** Locks taken while somebody had them, as recorded. */
  overlaps: number;
}

/** Which frame of a p2m was asked for or written, by granularity. */
export interface EverClaimed {
  readonly small: GranuleSet;
  readonly large: GranuleSet;
  readonly huge: GranuleSet;
  /** Highest gfn, -1 for none. */
  highest: number;
}

/** Reads from a trace, batch by batch, what each pcpu did as far as locks are concerned. */
export class SectionReader {
  /** In the order of the pcpus' numbers. */
  readonly streams: readonly OpStream[];
  readonly pcpus: readonly number[];
  readonly counts: SectionCounts = {
    sections: 0,
    withoutRange: 0,
    whole: 0,
    writing: 0,
    byLookup: 0,
    cut: 0,
    long: 0,
    ordered: 0,
    unaligned: 0,
    mappings: 0,
    unknownMappings: 0,
    unexplained: 0,
    overlaps: 0,
  };
  /** As recorded, from lock_wait to lock_acquire, of p2m locks. */
  readonly recordedWaits = new WaitTimes();
  /** By resource. */
  readonly claimed = new Map<number, EverClaimed>();
  /** Events have TSCs; else each stands for one tick. */
  readonly hasClock: boolean;

  private readonly readings: readonly (PcpuReading | undefined)[];
  private readonly domain: number;
  private readonly names: TraceReader['names'];
  private readonly isP2mClass: readonly boolean[];
  private readonly hasResults: boolean;
  private readonly hasWrites: boolean;
  private readonly mapped: MappedFrames | undefined;
  private readonly base: { low: number; high: number };
  /** By lock: p2m that it protects, as domid and view in one number, -1 for unknown. */
  private readonly p2mOf: number[] = [];
  /** The other way round; of p2ms without a lock, a number behind those of the locks. */
  private readonly resourceOf = new Map<number, number>();
  private resources: number;
  /** By lock: acquisitions so far, all and those for writing; and when it was last given back, by anybody and by a writer. */
  private readonly taken: number[] = [];
  private readonly takenWrites: number[] = [];
  private readonly givenAt: number[] = [];
  private readonly givenWriteAt: number[] = [];
  private readonly owner: number[] = [];
  private readonly classes: number[] = [];
  private now = 0;
  private seq = 0;
  /** By index of an address: that of its symbol. */
  private readonly symbols: number[] = [];

  constructor(
    reader: TraceReader,
    pcpus: readonly number[],
    base: bigint | undefined,
    domain: number | undefined,
    mappings: boolean,
  ) {
    const { metadata, names } = reader;
    this.names = names;
    this.pcpus = pcpus;
    this.domain = domain ?? -1;
    const readings: (PcpuReading | undefined)[] = [];
    for (const pcpu of pcpus) readings[pcpu + 1] = new PcpuReading();
    this.readings = readings;
    this.streams = pcpus.map(pcpu => (readings[pcpu + 1] as PcpuReading).stream);
    this.isP2mClass = names.lock_class.map(name => name === 'p2m' || name === 'altp2m');
    this.hasResults = metadata.hasResults === true;
    this.hasWrites = isRecorded(metadata, 'set_entry');
    this.resources = names.lock.length;
    this.mapped = mappings ? new MappedFrames() : undefined;
    this.hasClock = base !== undefined;
    this.base = { low: Number((base ?? 0n) & 0xffff_ffffn), high: Number((base ?? 0n) >> 32n) };
  }

  /** Domain of a resource that is a p2m, -1 for unknown. */
  domainOf(res: number): number {
    const p2m = this.p2mOf[res] ?? -1;
    return p2m < 0 ? -1 : Math.floor(p2m / 65_536);
  }

  /** One more batch, in the order of the trace. */
  read(batch: SectionBatch): void {
    const { columns: c, validity: v, rows, firstSeq } = batch;
    const { tsc } = c;
    for (let row = 0; row < rows; row++) {
      if (!this.hasClock) this.now = firstSeq + row;
      else if (isValid(v.tsc, row)) {
        const time = (tsc[2 * row + 1] - this.base.high) * 2 ** 32 + (tsc[2 * row] - this.base.low);
        if (time > this.now) this.now = time;
      }
      const kind = c.kind[row];
      const touches = TOUCHES[kind];
      if (touches === TOUCH_NOTHING && !IS_READ[kind]) continue;
      this.seq = firstSeq + row;
      const pcpu = isValid(v.pcpu, row) ? c.pcpu[row] : -1;
      const reading = this.readings[pcpu + 1] as PcpuReading;
      if (touches !== TOUCH_NOTHING) this.touch(reading, batch, row, kind, touches);
      else if (kind === K_ACQUIRE) this.acquire(reading, pcpu, batch, row);
      else if (kind === K_RELEASE) this.lockRelease(reading, pcpu, batch, row);
      else if (kind === K_WAIT) this.wait(reading, batch, row);
      else if (kind === K_LOST) this.lose(reading);
      else this.mapping(reading, batch, row, kind);
    }
    for (const reading of this.readings) if (reading !== undefined) this.settle(reading, true);
  }

  /** The trace ends, and all sections and holds with it. */
  finish(): void {
    for (const reading of this.readings) {
      if (reading === undefined) continue;
      this.lose(reading);
      this.settle(reading, true);
      reading.stream.ready = reading.stream.end;
      reading.stream.ended = true;
    }
  }

  /** What comes later changes nothing before the oldest open section. */
  private settle(reading: PcpuReading, tick: boolean): void {
    const { stream, sections } = reading;
    if (tick && reading.waitLock < 0 && reading.time < this.now) this.emit(reading, OP_TICK, -1, Number.NaN);
    let ready = reading.waitLock < 0 ? stream.end : reading.waitAt;
    for (const section of sections) {
      if (section.closed) continue;
      if (stream.end - section.at > PATIENCE) {
        this.close(reading, section);
        section.closed = true;
        this.counts.long++;
        continue;
      }
      if (section.at < ready) ready = section.at;
    }
    stream.ready = ready;
  }

  private emit(reading: PcpuReading, kind: number, res: number, seq: number): number {
    const ticks = Math.max(0, this.now - reading.time);
    if (this.now > reading.time) reading.time = this.now;
    return reading.stream.add(kind, res, ticks, Number.isNaN(seq) ? -0.5 : seq);
  }

  private site(batch: SectionBatch, row: number): number {
    const { columns: c, validity: v } = batch;
    if (isValid(v.caller, row) && isValid(v.symbol, row)) this.symbols[c.caller[row]] = c.symbol[row];
    return siteOf(batch, row);
  }

  /** A call site by its symbol, or else its address; undefined for none. */
  siteName(site: number): string | undefined {
    const symbol = this.symbols[site];
    if (symbol !== undefined) return this.names.symbol[symbol];
    return site < 0 ? undefined : (siteAddress(this.names, site) ?? siteSymbol(this.names, site));
  }

  /** A lock by its class and address, and whose p2m it protects. */
  resourceName(res: number): string {
    const address = this.names.lock[res];
    const domid = this.domainOf(res);
    const p2m = domid < 0 ? '' : `p2m of d${domid}`;
    if (address === undefined) return p2m;
    const className = this.names.lock_class[this.classes[res]] ?? 'lock';
    return domid < 0 ? `${className} ${address}` : `${p2m} (${address})`;
  }

  // Locks.

  private isP2mLock({ columns: c, validity: v }: SectionBatch, row: number): boolean {
    if (isValid(v.lock_class, row)) return this.isP2mClass[c.lock_class[row]];
    return isValid(v.level, row) && isP2mLevel(c.level[row]);
  }

  private wait(reading: PcpuReading, batch: SectionBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    if (!isValid(v.lock, row)) return;
    this.forgetWait(reading);
    const lock = c.lock[row];
    if (this.sectionOf(reading, lock) !== undefined || reading.held.includes(lock)) return;
    reading.waitLock = lock;
    reading.waitAt = this.emit(reading, this.isP2mLock(batch, row) ? OP_BEGIN : OP_LOCK, lock, batch.firstSeq + row);
    reading.waitSince = this.now;
  }

  /** It has not got what it waited for: a trylock, or a loss. */
  private forgetWait(reading: PcpuReading): void {
    if (reading.waitLock < 0) return;
    reading.stream.chunk(reading.waitAt).kind[reading.waitAt & MASK] = OP_TICK;
    reading.waitLock = -1;
  }

  private acquire(reading: PcpuReading, pcpu: number, batch: SectionBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    if (!isValid(v.lock, row) || (c.flags[row] & FLAG.failed) !== 0) return;
    const lock = c.lock[row];
    const site = this.site(batch, row);
    const open = this.sectionOf(reading, lock);
    if (open !== undefined) {
      open.depth++;
      return;
    }
    const known = reading.held.indexOf(lock);
    if (known >= 0) {
      reading.depths[known]++;
      return;
    }
    const isP2m = this.isP2mLock(batch, row);
    if (isValid(v.lock_class, row)) this.classes[lock] = c.lock_class[row];
    const shared = c.mode[row] === MODE_READ;
    const depth = isValid(v.depth, row) ? Math.max(1, c.depth[row]) : 1;
    const waited = reading.waitLock === lock;
    const at = waited ? reading.waitAt : this.emit(reading, isP2m ? OP_BEGIN : OP_LOCK, lock, batch.firstSeq + row);
    const { stream } = reading;
    const chunk = stream.chunk(at);
    const i = at & MASK;
    chunk.flags[i] = shared ? OP_SHARED : 0;
    chunk.need[i] = shared ? (this.takenWrites[lock] ?? 0) : (this.taken[lock] ?? 0);
    if (waited) {
      const given = (shared ? this.givenWriteAt[lock] : this.givenAt[lock]) ?? -1;
      if (given < reading.waitSince) this.counts.unexplained++;
      chunk.handoff[i] = this.now - Math.max(reading.waitSince, given);
      if (isP2m) this.recordedWaits.add(this.now - reading.waitSince);
      reading.time = this.now;
      reading.waitLock = -1;
    }
    if (this.owner[lock] !== undefined && this.owner[lock] >= 0 && this.owner[lock] !== pcpu + 1)
      this.counts.overlaps++;
    if (!shared) {
      this.takenWrites[lock] = (this.takenWrites[lock] ?? 0) + 1;
      this.owner[lock] = pcpu + 1;
    }
    this.taken[lock] = (this.taken[lock] ?? 0) + 1;
    if (!isP2m) {
      reading.held.push(lock);
      reading.depths.push(depth);
      reading.modes.push(shared ? 1 : 0);
      return;
    }
    if (isValid(v.domid, row)) this.learn(lock, c.domid[row], 0);
    this.open(reading, lock, at, depth, false, shared, site);
  }

  private open(
    reading: PcpuReading,
    res: number,
    at: number,
    depth: number,
    byLookup: boolean,
    shared: boolean,
    site: number,
  ): OpenSection {
    const section = (reading.spare.pop() ?? new OpenSection()).begin(res, at, depth, byLookup, shared, site);
    if (reading.sections.length === DEPTH) this.endSection(reading, reading.sections[0], true);
    reading.sections.push(section);
    return section;
  }

  private lockRelease(reading: PcpuReading, pcpu: number, batch: SectionBatch, row: number): void {
    const { columns: c, validity: v } = batch;
    if (!isValid(v.lock, row) || (c.flags[row] & FLAG.failed) !== 0) return;
    const lock = c.lock[row];
    let holder = reading;
    if (this.owner[lock] !== undefined && this.owner[lock] >= 0 && this.owner[lock] !== pcpu + 1) {
      const hasIt = this.sectionOf(reading, lock) !== undefined || reading.held.includes(lock);
      if (!hasIt) holder = this.readings[this.owner[lock]] as PcpuReading;
    }
    const section = this.sectionOf(holder, lock);
    if (section !== undefined) {
      if (--section.depth === 0) this.endSection(holder, section, false);
      return;
    }
    const at = holder.held.indexOf(lock);
    if (at >= 0 && --holder.depths[at] === 0) this.endHold(holder, at);
  }

  private endHold(reading: PcpuReading, at: number): void {
    const lock = reading.held[at];
    const shared = reading.modes[at] !== 0;
    const place = this.emit(reading, OP_UNLOCK, lock, this.seq);
    if (shared) reading.stream.chunk(place).flags[place & MASK] = OP_SHARED;
    this.give(lock, shared);
    reading.held.splice(at, 1);
    reading.depths.splice(at, 1);
    reading.modes.splice(at, 1);
  }

  private give(lock: number, shared: boolean): void {
    this.givenAt[lock] = this.now;
    if (shared) return;
    this.givenWriteAt[lock] = this.now;
    this.owner[lock] = -1;
  }

  // Sections.

  private sectionOf(reading: PcpuReading, res: number): OpenSection | undefined {
    const { sections } = reading;
    for (let i = sections.length - 1; i >= 0; i--) if (sections[i].res === res) return sections[i];
    return undefined;
  }

  private endSection(reading: PcpuReading, section: OpenSection, cut: boolean): void {
    const at = this.emit(reading, OP_END, section.res, this.seq);
    const flags = (section.shared ? OP_SHARED : 0) | (section.byLookup ? OP_UNRECORDED : 0);
    reading.stream.chunk(at).flags[at & MASK] = flags;
    if (!section.byLookup) this.give(section.res, section.shared);
    if (!section.closed) this.close(reading, section);
    if (cut) this.counts.cut++;
    const place = reading.sections.indexOf(section);
    reading.sections.splice(place, 1);
    reading.spare.push(section);
  }

  /** Writes down at its beginning what is known of a section by now. */
  private close({ stream }: PcpuReading, section: OpenSection): void {
    const { counts } = this;
    const chunk = stream.chunk(section.at);
    const i = section.at & MASK;
    const writes = section.writes || (!this.hasWrites && !section.shared);
    chunk.site[i] = section.site;
    if (writes) chunk.flags[i] |= OP_WRITES;
    if (section.byLookup) chunk.flags[i] |= OP_UNRECORDED;
    if (!section.hasRange) chunk.flags[i] |= OP_WHOLE;
    if (this.domain >= 0 && this.domainOf(section.res) !== this.domain) {
      chunk.flags[i] |= OP_KEPT;
      return;
    }
    counts.sections++;
    if (writes) counts.writing++;
    if (!section.hasRange) counts.withoutRange++;
    if (section.byLookup) counts.byLookup++;
  }

  private learn(res: number, domid: number, view: number): void {
    const p2m = domid * 65_536 + view;
    this.p2mOf[res] = p2m;
    this.resourceOf.set(p2m, res);
  }

  /** The section that an event of a p2m is in; its lock may be the first that is seen to protect it. */
  private sectionFor(reading: PcpuReading, domid: number, view: number): OpenSection | undefined {
    const { sections } = reading;
    if (domid < 0) return sections.at(-1);
    const p2m = domid * 65_536 + view;
    for (let i = sections.length - 1; i >= 0; i--) if (this.p2mOf[sections[i].res] === p2m) return sections[i];
    for (let i = sections.length - 1; i >= 0; i--) {
      if (this.p2mOf[sections[i].res] !== undefined) continue;
      this.learn(sections[i].res, domid, view);
      return sections[i];
    }
    return undefined;
  }

  private touch(reading: PcpuReading, batch: SectionBatch, row: number, kind: number, how: number): void {
    const { columns: c, validity: v } = batch;
    const { flags } = c;
    if (kind === K_SET_ENTRY && this.hasResults && (flags[row] & FLAG.attempt) !== 0) return;
    const domid = kind !== K_M2P_SET && isValid(v.domid, row) ? c.domid[row] : -1;
    const view = isValid(v.view, row) ? c.view[row] : 0;
    const hasRange = readRange(batch, row);
    if (hasRange && eventRange.ordered) {
      this.counts.ordered++;
      if (eventRange.unaligned) this.counts.unaligned++;
    }
    if (hasRange && this.mapped !== undefined && (kind === K_LOOKUP || kind === K_SET_ENTRY)) {
      this.mapped.show(batch, row, domid, view);
    }
    let section = this.sectionFor(reading, domid, view);
    if (kind === K_LOOKUP && isLocked(batch, row) && domid >= 0) {
      if (section === undefined) section = this.beginByLookup(reading, batch, row, domid, view);
      else if (section.byLookup) section.depth++;
    }
    if (section === undefined) return;
    if (kind === K_LOOKUP && !section.hasLookup && !section.closed) {
      const site = this.site(batch, row);
      if (site >= 0) section.site = site;
      section.hasLookup = true;
    }
    const isAll = how === TOUCH_ALL;
    const writes = how === TOUCH_WRITE || isAll;
    if (writes) section.writes = true;
    if (hasRange || isAll) this.claim(reading, section, writes, isAll, batch.firstSeq + row, this.site(batch, row));
    if (kind === K_PUT_GFN && section.byLookup && --section.depth === 0) this.endSection(reading, section, false);
  }

  private beginByLookup(
    reading: PcpuReading,
    batch: SectionBatch,
    row: number,
    domid: number,
    view: number,
  ): OpenSection {
    const p2m = domid * 65_536 + view;
    let res = this.resourceOf.get(p2m);
    if (res === undefined) {
      res = this.resources++;
      this.learn(res, domid, view);
    }
    const at = this.emit(reading, OP_BEGIN, res, batch.firstSeq + row);
    return this.open(reading, res, at, 1, true, false, this.site(batch, row));
  }

  private claim(
    reading: PcpuReading,
    section: OpenSection,
    writes: boolean,
    isAll: boolean,
    seq: number,
    site: number,
  ): void {
    const first = isAll ? 0 : eventRange.first;
    const last = isAll ? Number.POSITIVE_INFINITY : eventRange.last;
    if (!isAll) this.noteClaimed(section.res, first, last);
    if (!section.hasRange && !section.closed) {
      section.hasRange = true;
      const chunk = reading.stream.chunk(section.at);
      const i = section.at & MASK;
      chunk.first[i] = first;
      chunk.last[i] = last;
      if (isAll) {
        chunk.flags[i] |= OP_WHOLE;
        this.counts.whole++;
      }
      section.has(first, last, false);
      if (!writes) return;
    }
    if (section.has(first, last, writes)) return;
    const at = this.emit(reading, OP_CLAIM, section.res, seq);
    const chunk = reading.stream.chunk(at);
    const i = at & MASK;
    chunk.first[i] = first;
    chunk.last[i] = last;
    chunk.flags[i] = (writes ? OP_WRITES : 0) | (isAll ? OP_WHOLE : 0);
    chunk.site[i] = section.site >= 0 ? section.site : site;
  }

  private noteClaimed(res: number, first: number, last: number): void {
    let claimed = this.claimed.get(res);
    if (claimed === undefined) {
      claimed = { small: new GranuleSet(), large: new GranuleSet(), huge: new GranuleSet(), highest: -1 };
      this.claimed.set(res, claimed);
    }
    claimed.small.add(first, last);
    claimed.large.add(Math.floor(first / 512), Math.floor(last / 512));
    claimed.huge.add(Math.floor(first / 262_144), Math.floor(last / 262_144));
    if (last > claimed.highest) claimed.highest = last;
  }

  // Mappings and losses.

  private mapping(reading: PcpuReading, batch: SectionBatch, row: number, kind: number): void {
    const { mapped, counts } = this;
    if (kind === K_DECREASE) return;
    const isMap = kind === K_GRANT_MAP || kind === K_FOREIGN_MAP;
    if ((batch.columns.flags[row] & FLAG.failed) !== 0) return;
    if (isMap) counts.mappings++;
    if (mapped === undefined) return;
    const isForeign = kind === K_FOREIGN_MAP || kind === K_FOREIGN_UNMAP;
    const found = isMap ? mapped.map(batch, row, isForeign) : mapped.unmap(batch, row, isForeign);
    if (found === undefined) {
      if (isMap) counts.unknownMappings++;
      return;
    }
    const res = this.resourceOf.get(found.domid * 65_536);
    if (res === undefined) return;
    const at = this.emit(reading, isMap ? OP_MAP : OP_UNMAP, res, batch.firstSeq + row);
    const chunk = reading.stream.chunk(at);
    const i = at & MASK;
    chunk.need[i] = found.id;
    chunk.first[i] = found.gfn;
    chunk.last[i] = found.gfn;
  }

  /** What it holds is unknown from now on: it is given back. */
  private lose(reading: PcpuReading): void {
    this.forgetWait(reading);
    while (reading.sections.length > 0) this.endSection(reading, reading.sections[reading.sections.length - 1], true);
    while (reading.held.length > 0) this.endHold(reading, reading.held.length - 1);
  }
}

/** By kind: read though it touches nothing. */
const IS_READ: readonly boolean[] = Object.keys(KIND).map((_, kind) =>
  [K_WAIT, K_ACQUIRE, K_RELEASE, K_LOST, K_GRANT_MAP, K_GRANT_UNMAP, K_FOREIGN_MAP, K_FOREIGN_UNMAP].includes(kind),
);
