import type { ImportHealth } from '../schema/metadata.js';
import { MEM_CLASS, minorOf } from '../schema/xentrace-records.js';
import { getU64 } from '../u64.js';
import type { PcpuCursor } from './cursor.js';

/** Counts the records of an import, by id and by pcpu. */
export class HealthCounter {
  /** TRC_MEM records by minor and payload words (memIndex), counted by the kernel; all other ids are in `other`. */
  private readonly mem: BigUint64Array;
  /** By minor: records of which something was ignored, also counted by the kernel. */
  private readonly ignored: BigUint64Array;
  readonly other = new Map<number, number>();
  readonly unknown = new Map<number, number>();
  readonly lost: ImportHealth['lost'] = [];
  readonly problems: string[] = [];
  misfits = 0;
  withoutTsc = 0;
  late = 0;
  skippedBytes = 0;
  bytes = 0;

  constructor(mem: BigUint64Array, ignored: BigUint64Array) {
    this.mem = mem;
    this.ignored = ignored;
  }

  countOther(event: number, by = 1): void {
    this.other.set(event, (this.other.get(event) ?? 0) + by);
  }

  countUnknown(event: number): void {
    this.unknown.set(event, (this.unknown.get(event) ?? 0) + 1);
  }

  /** Order between pcpus is known only where there are TSCs; with half of them missing it can't be relied on. */
  isApproximate(cursors: readonly PcpuCursor[]): boolean {
    const records = cursors.reduce((sum, cursor) => sum + cursor.records, 0);
    return this.late > 0 || (cursors.length > 1 && this.withoutTsc * 2 > records);
  }

  /** The report for the trace's metadata. */
  report(cursors: Iterable<PcpuCursor>): ImportHealth {
    const byId = new Map(this.other);
    this.mem.forEach((count, index) => {
      const id = MEM_CLASS | minorOf(index);
      if (count > 0n) byId.set(id, (byId.get(id) ?? 0) + Number(count));
    });
    const ignored = new Map<number, number>();
    this.ignored.forEach((count, minor) => {
      if (count > 0n) ignored.set(MEM_CLASS | minor, Number(count));
    });
    const records = [...byId.values()].reduce((sum, count) => sum + count, 0);
    let skipped = this.skippedBytes;
    const problems = [...this.problems];
    const pcpus: ImportHealth['pcpus'] = [];
    for (const cursor of cursors) {
      pcpus.push({
        pcpu: cursor.pcpu,
        records: cursor.records,
        firstTsc: (cursor.firstTsc ?? 0n).toString(),
        lastTsc: getU64(cursor.lastTsc, 0).toString(),
      });
      skipped += cursor.skippedBytes;
      if (cursor.firstSkip >= 0) {
        problems.push(`a record is cut off by the end of its window at byte 0x${cursor.firstSkip.toString(16)}`);
      }
      if (cursor.wrongTscs > 0) {
        problems.push(
          `${cursor.wrongTscs} TSCs of pcpu ${cursor.pcpu} are far ahead of the next ones and not believed: those records follow their predecessors`,
        );
      }
      if (cursor.backwards > 0) problems.push(`TSCs of pcpu ${cursor.pcpu} go back ${cursor.backwards} times`);
    }
    // Order between pcpus is known only where there are TSCs; with half of them missing it can't be relied on.
    const sparse = this.withoutTsc * 2 > records && pcpus.length > 1;
    return {
      bytes: this.bytes,
      skippedBytes: skipped,
      records,
      byId: byHexId(byId),
      unknownById: byHexId(this.unknown),
      misfits: this.misfits,
      ...(ignored.size === 0 ? {} : { ignoredById: byHexId(ignored) }),
      lost: this.lost,
      withoutTsc: this.withoutTsc,
      pcpus: pcpus.sort((a, b) => a.pcpu - b.pcpu),
      order: { confidence: sparse || this.late > 0 ? 'approximate' : 'exact', late: this.late },
      problems,
    };
  }
}

function byHexId(counts: ReadonlyMap<number, number>): Record<string, number> {
  const sorted = [...counts].sort(([a], [b]) => a - b);
  return Object.fromEntries(sorted.map(([id, count]) => [`0x${id.toString(16).padStart(8, '0')}`, count]));
}
