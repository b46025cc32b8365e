import { FrameDirectory, withRoom } from './frame-table.js';
import type { StateImage } from './state-image.js';

/**
 * At most one record of numbers per frame, in a typed array: frame → `width` numbers. What the numbers mean is up to
 * the owner, but the first of a record is never NaN, which marks frames without a record.
 */
export class FrameRecords {
  /** Records by slot; replaced by `make`. */
  data = new Float64Array(0);
  /** Number of frames that have a record. */
  size = 0;
  private directory = new FrameDirectory();
  private readonly width: number;

  constructor(width: number) {
    this.width = width;
  }

  /** Where the frame's record begins in `data`, -1 if it has none. */
  find(frame: number): number {
    const slot = this.directory.find(frame);
    if (slot === 0) return -1;
    const at = slot * this.width;
    return Number.isNaN(this.data[at]) ? -1 : at;
  }

  /** The same, but creates a record of zeros if there is none. */
  make(frame: number): number {
    const at = this.directory.make(frame) * this.width;
    const room = this.directory.slots * this.width;
    if (room > this.data.length) {
      const before = this.data.length;
      this.data = withRoom(this.data, room).fill(Number.NaN, before);
    }
    if (Number.isNaN(this.data[at])) {
      this.data.fill(0, at, at + this.width);
      this.size++;
    }
    return at;
  }

  /** Removes the record of the frame. */
  remove(frame: number): void {
    const at = this.find(frame);
    if (at < 0) return;
    this.data[at] = Number.NaN;
    this.size--;
  }

  /** Visits every frame that has a record, in order of frames; the visitor may remove the frame it is given. */
  forEach(visit: (frame: number, at: number) => void): void {
    this.directory.forEach((frame, slot) => {
      const at = slot * this.width;
      if (!Number.isNaN(this.data[at])) visit(frame, at);
    });
  }

  /** Visits those of so many frames from `first` on that have a record, in order; they may be removed. */
  forEachIn(first: number, count: number, visit: (frame: number, at: number) => void): void {
    const end = first + count;
    if (count > this.size) {
      this.forEach((frame, at) => {
        if (frame >= first && frame < end) visit(frame, at);
      });
      return;
    }
    for (let frame = first; frame < end; frame++) {
      const at = this.find(frame);
      if (at >= 0) visit(frame, at);
    }
  }

  /** Every frame that has a record, in order, with a copy of it, so the state may change meanwhile. */
  *all(): Generator<{ readonly frame: number; readonly record: Float64Array }> {
    const frames: number[] = [];
    this.forEach(frame => {
      frames.push(frame);
    });
    for (const frame of frames) {
      const at = this.find(frame);
      if (at >= 0) yield { frame, record: this.data.slice(at, at + this.width) };
    }
  }

  clear(): void {
    this.directory = new FrameDirectory();
    this.data = new Float64Array(0);
    this.size = 0;
  }

  transfer(image: StateImage): void {
    image.part('directory', this.directory);
    this.data = image.array('data', this.data);
    this.size = image.number('size', this.size);
  }
}
