import type { LockHolds } from './lock-holds.js';
import { CHUNK_OPS, OP_END, OP_KEPT, OP_SHARED, OP_UNRECORDED, OP_WHOLE, OP_WRITES } from './op-stream.js';
import { OpenSection } from './open-section.js';
import type { PcpuReading } from './pcpu-reading.js';
import type { ReadingState } from './reading-state.js';

const MASK = CHUNK_OPS - 1;
/** Sections that one pcpu may be in at once. */
const DEPTH = 15;
/** A section with more operations is closed to further knowledge, so that others can go on. */
const PATIENCE = 1 << 16;

/** Opens and ends sections, and writes down at their beginning what turned out of them. */
export class SectionBook {
  private readonly state: ReadingState;
  private readonly holds: LockHolds;

  constructor(state: ReadingState, holds: LockHolds) {
    this.state = state;
    this.holds = holds;
  }

  /** A section whose beginning is the operation at `at`. */
  open(
    reading: PcpuReading,
    res: number,
    at: number,
    depth: number,
    byLookup: boolean,
    shared: boolean,
    site: number,
  ): OpenSection {
    const section = (reading.spare.pop() ?? new OpenSection()).begin(res, at, depth, byLookup, shared, site);
    if (reading.sections.length === DEPTH) this.end(reading, reading.sections[0], true);
    reading.sections.push(section);
    return section;
  }

  /** `cut`: a loss or the end of the trace ends it. */
  end(reading: PcpuReading, section: OpenSection, cut: boolean): void {
    const { now, seq, counts } = this.state;
    const at = reading.add(OP_END, section.res, now, seq);
    reading.stream.chunk(at).flags[at & MASK] =
      (section.shared ? OP_SHARED : 0) | (section.byLookup ? OP_UNRECORDED : 0);
    if (!section.byLookup) this.holds.give(section.res, section.shared, now);
    if (!section.closed) this.close(reading, section);
    if (cut) counts.cut++;
    reading.sections.splice(reading.sections.indexOf(section), 1);
    reading.spare.push(section);
  }

  /** What comes later changes nothing before the oldest open section: up to there, operations are ready. */
  settle(reading: PcpuReading): void {
    const { stream, sections } = reading;
    reading.tick(this.state.now);
    let ready = reading.waitLock < 0 ? stream.end : reading.waitAt;
    for (const section of sections) {
      if (section.closed) continue;
      if (stream.end - section.at > PATIENCE) {
        this.close(reading, section);
        section.closed = true;
        this.state.counts.long++;
        continue;
      }
      if (section.at < ready) ready = section.at;
    }
    stream.ready = ready;
  }

  private close({ stream }: PcpuReading, section: OpenSection): void {
    const { counts, domain, resources, hasWrites } = this.state;
    const chunk = stream.chunk(section.at);
    const i = section.at & MASK;
    const writes = section.writes || (!hasWrites && !section.shared);
    chunk.site[i] = section.site;
    if (writes) chunk.flags[i] |= OP_WRITES;
    if (section.byLookup) chunk.flags[i] |= OP_UNRECORDED;
    if (!section.hasRange) chunk.flags[i] |= OP_WHOLE;
    if (domain >= 0 && resources.domainOf(section.res) !== domain) {
      chunk.flags[i] |= OP_KEPT;
      return;
    }
    counts.sections++;
    if (writes) counts.writing++;
    if (!section.hasRange) counts.withoutRange++;
    if (section.byLookup) counts.byLookup++;
  }
}
