import { isP2mLevel, isValid, type TraceReader } from '@p2mtrace/trace-format';
import type { OpenSection } from './open-section.js';
import type { PcpuReading } from './pcpu-reading.js';
import type { SectionBatch } from './section-columns.js';

/** A p2m in one number. */
const p2mOf = (domid: number, view: number): number => domid * 65_536 + view;

/**
 * What operations are about: locks by their index in the trace's names, and p2ms without a lock by numbers behind those.
 * Learns which p2m a lock protects.
 */
export class P2mResources {
  /** By resource: its p2m. */
  private readonly p2ms: number[] = [];
  private readonly resources = new Map<number, number>();
  private readonly classes: number[] = [];
  private readonly isP2mClass: readonly boolean[];
  private readonly names: TraceReader['names'];
  private next: number;

  constructor(names: TraceReader['names']) {
    this.names = names;
    this.isP2mClass = names.lock_class.map(name => name === 'p2m' || name === 'altp2m');
    this.next = names.lock.length;
  }

  isP2mLock({ columns: c, validity: v }: SectionBatch, row: number): boolean {
    if (isValid(v.lock_class, row)) return this.isP2mClass[c.lock_class[row]];
    return isValid(v.level, row) && isP2mLevel(c.level[row]);
  }

  noteClass(lock: number, lockClass: number): void {
    this.classes[lock] = lockClass;
  }

  learn(res: number, domid: number, view: number): void {
    const p2m = p2mOf(domid, view);
    this.p2ms[res] = p2m;
    this.resources.set(p2m, res);
  }

  /** What stands for that p2m, if anything does. */
  find(domid: number, view: number): number | undefined {
    return this.resources.get(p2mOf(domid, view));
  }

  /** The same, and where nothing does, a number of its own. */
  make(domid: number, view: number): number {
    const known = this.find(domid, view);
    if (known !== undefined) return known;
    this.learn(this.next, domid, view);
    return this.next++;
  }

  /** The section that an event of a p2m is in; its lock may be the first that is seen to protect it. */
  sectionFor({ sections }: PcpuReading, domid: number, view: number): OpenSection | undefined {
    if (domid < 0) return sections.at(-1);
    const p2m = p2mOf(domid, view);
    for (let i = sections.length - 1; i >= 0; i--) if (this.p2ms[sections[i].res] === p2m) return sections[i];
    for (let i = sections.length - 1; i >= 0; i--) {
      if (this.p2ms[sections[i].res] !== undefined) continue;
      this.learn(sections[i].res, domid, view);
      return sections[i];
    }
    return undefined;
  }

  /** Domain of a resource that is a p2m, -1 for unknown. */
  domainOf(res: number): number {
    const p2m = this.p2ms[res] ?? -1;
    return p2m < 0 ? -1 : Math.floor(p2m / 65_536);
  }

  /** A lock by its class and address, and whose p2m it protects. */
  nameOf(res: number): string {
    const address = this.names.lock[res];
    const domid = this.domainOf(res);
    const p2m = domid < 0 ? '' : `p2m of d${domid}`;
    if (address === undefined) return p2m;
    const className = this.names.lock_class[this.classes[res]] ?? 'lock';
    return domid < 0 ? `${className} ${address}` : `${p2m} (${address})`;
  }
}
