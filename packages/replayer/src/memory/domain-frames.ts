import { FrameRecords } from './frame-records.js';
import type { StateImage } from './state-image.js';

/** FrameRecords by domain: (domid, frame) → `width` numbers. */
export class DomainFrames {
  private readonly domains = new Map<number, FrameRecords>();
  private readonly width: number;

  constructor(width: number) {
    this.width = width;
  }

  get(domid: number): FrameRecords | undefined {
    return this.domains.get(domid);
  }

  /** The domain's records, created if there are none yet. */
  of(domid: number): FrameRecords {
    let records = this.domains.get(domid);
    if (records === undefined) {
      records = new FrameRecords(this.width);
      this.domains.set(domid, records);
    }
    return records;
  }

  /** Domains that have had records since the last `clear`, by domid. */
  domids(): number[] {
    return [...this.domains.keys()].sort((a, b) => a - b);
  }

  delete(domid: number): void {
    this.domains.delete(domid);
  }

  clear(): void {
    this.domains.clear();
  }

  transfer(image: StateImage): void {
    image.partsByKey('domains', this.domains, () => new FrameRecords(this.width));
  }
}
