import { FLAG, isValid, KIND } from '@p2mtrace/trace-format';
import { eventRange, isLocked, readRange, TOUCH_ALL, TOUCH_WRITE } from './event-ranges.js';
import { EverClaimed } from './ever-claimed.js';
import type { MappedFrames } from './mapped-frames.js';
import { CHUNK_OPS, OP_BEGIN, OP_CLAIM, OP_WHOLE, OP_WRITES } from './op-stream.js';
import type { OpenSection } from './open-section.js';
import type { PcpuReading } from './pcpu-reading.js';
import type { ReadingState } from './reading-state.js';
import type { SectionBook } from './section-book.js';
import type { SectionBatch } from './section-columns.js';

const MASK = CHUNK_OPS - 1;
const K_LOOKUP = KIND.lookup;
const K_PUT_GFN = KIND.put_gfn;
const K_SET_ENTRY = KIND.set_entry;
const K_M2P_SET = KIND.m2p_set;

/** Events of p2ms: what they ask for and write belongs to the section that they are in. */
export class SectionTouches {
  private readonly state: ReadingState;
  private readonly book: SectionBook;
  /** Undefined where nobody asks for mappings. */
  private readonly mapped: MappedFrames | undefined;

  constructor(state: ReadingState, book: SectionBook, mapped: MappedFrames | undefined) {
    this.state = state;
    this.book = book;
    this.mapped = mapped;
  }

  /** `how` is what events of that kind do (event-ranges.ts). */
  touch(reading: PcpuReading, batch: SectionBatch, row: number, kind: number, how: number): void {
    const { columns: c, validity: v } = batch;
    const { counts, resources, sites } = this.state;
    if (kind === K_SET_ENTRY && this.state.hasResults && (c.flags[row] & FLAG.attempt) !== 0) return;
    const domid = kind !== K_M2P_SET && isValid(v.domid, row) ? c.domid[row] : -1;
    const view = isValid(v.view, row) ? c.view[row] : 0;
    const hasRange = readRange(batch, row);
    if (hasRange && eventRange.ordered) {
      counts.ordered++;
      if (eventRange.unaligned) counts.unaligned++;
    }
    if (hasRange && (kind === K_LOOKUP || kind === K_SET_ENTRY)) this.mapped?.show(batch, row, domid, view);
    let section = resources.sectionFor(reading, domid, view);
    if (kind === K_LOOKUP && isLocked(batch, row) && domid >= 0) {
      if (section === undefined) section = this.beginByLookup(reading, batch, row, domid, view);
      else if (section.byLookup) section.depth++;
    }
    if (section === undefined) return;
    if (kind === K_LOOKUP && !section.hasLookup && !section.closed) {
      const site = sites.of(batch, row);
      if (site >= 0) section.site = site;
      section.hasLookup = true;
    }
    const isAll = how === TOUCH_ALL;
    const writes = how === TOUCH_WRITE || isAll;
    if (writes) section.writes = true;
    if (hasRange || isAll) this.claim(reading, section, writes, isAll, sites.of(batch, row));
    if (kind === K_PUT_GFN && section.byLookup && --section.depth === 0) this.book.end(reading, section, false);
  }

  private beginByLookup(
    reading: PcpuReading,
    batch: SectionBatch,
    row: number,
    domid: number,
    view: number,
  ): OpenSection {
    const { resources, sites, now, seq } = this.state;
    const res = resources.make(domid, view);
    const at = reading.add(OP_BEGIN, res, now, seq);
    return this.book.open(reading, res, at, 1, true, false, sites.of(batch, row));
  }

  /** The section's first range belongs to its beginning; each further one is an operation. */
  private claim(reading: PcpuReading, section: OpenSection, writes: boolean, isAll: boolean, site: number): void {
    const { counts, now, seq } = this.state;
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
        counts.whole++;
      }
      section.has(first, last, false);
      if (!writes) return;
    }
    if (section.has(first, last, writes)) return;
    const at = reading.add(OP_CLAIM, section.res, now, seq);
    const chunk = reading.stream.chunk(at);
    const i = at & MASK;
    chunk.first[i] = first;
    chunk.last[i] = last;
    chunk.flags[i] = (writes ? OP_WRITES : 0) | (isAll ? OP_WHOLE : 0);
    chunk.site[i] = section.site >= 0 ? section.site : site;
  }

  private noteClaimed(res: number, first: number, last: number): void {
    const { claimed } = this.state;
    let ever = claimed.get(res);
    if (ever === undefined) {
      ever = new EverClaimed();
      claimed.set(res, ever);
    }
    ever.add(first, last);
  }
}
