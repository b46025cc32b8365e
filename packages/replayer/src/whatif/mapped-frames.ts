import { isValid } from '@p2mtrace/trace-format';
import { FrameDirectory, MAX_FRAME, withRoom } from '../memory/frame-table.js';
import { alignDown } from '../memory/order.js';
import type { SectionBatch } from './section-columns.js';

/** A mapping of a frame that a domain's p2m has at that gfn. */
export interface MappedFrame {
  readonly id: number;
  readonly domid: number;
  readonly gfn: number;
}

/** Where host p2ms have frames, as far as lookups and writes showed; and which foreign and grant mappings there are. */
export class MappedFrames {
  private readonly directory = new FrameDirectory();
  private gfns = new Float64Array(64);
  private domids = new Int32Array(64);
  private readonly open = new Map<string, MappedFrame>();
  private next = 0;

  /** An event says what frame there is at its gfn. */
  show({ columns: c, validity: v }: SectionBatch, row: number, domid: number, view: number): void {
    if (view !== 0 || domid < 0 || !isValid(v.mfn, row)) return;
    const mfn = c.mfn[2 * row + 1] * 2 ** 32 + c.mfn[2 * row];
    if (mfn >= MAX_FRAME) return;
    const slot = this.directory.make(mfn);
    if (slot >= this.gfns.length) {
      this.gfns = withRoom(this.gfns, slot + 1);
      this.domids = withRoom(this.domids, slot + 1);
    }
    this.gfns[slot] = c.gfn[2 * row + 1] * 2 ** 32 + c.gfn[2 * row];
    this.domids[slot] = domid;
  }

  /** A mapping begins; undefined where nothing tells the owner's gfn. */
  map(batch: SectionBatch, row: number, isForeign: boolean): MappedFrame | undefined {
    const { columns: c, validity: v } = batch;
    const found = this.find(batch, row, isForeign);
    const key = keyOf(batch, row, isForeign);
    if (found === undefined || key === undefined) return undefined;
    const owner = isValid(v.owner, row) ? c.owner[row] : found.domid;
    const mapping = { id: this.next++, domid: owner, gfn: found.gfn };
    this.open.set(key, mapping);
    return mapping;
  }

  unmap(batch: SectionBatch, row: number, isForeign: boolean): MappedFrame | undefined {
    const key = keyOf(batch, row, isForeign);
    const mapping = key === undefined ? undefined : this.open.get(key);
    if (key !== undefined) this.open.delete(key);
    return mapping;
  }

  private find({ columns: c, validity: v }: SectionBatch, row: number, isForeign: boolean) {
    // A grant names the gfn of the one who grants; a foreign mapping that of the one who maps.
    if (!isForeign && isValid(v.gfn, row) && isValid(v.owner, row)) {
      return { domid: c.owner[row], gfn: c.gfn[2 * row + 1] * 2 ** 32 + c.gfn[2 * row] };
    }
    if (!isValid(v.mfn, row)) return undefined;
    const mfn = c.mfn[2 * row + 1] * 2 ** 32 + c.mfn[2 * row];
    if (mfn >= MAX_FRAME) return undefined;
    for (const order of [0, 9, 18]) {
      const first = alignDown(mfn, order);
      const slot = this.directory.find(first);
      if (slot !== 0) return { domid: this.domids[slot], gfn: this.gfns[slot] + (mfn - first) };
    }
    return undefined;
  }
}

/** What an unmapping has in common with its mapping. */
function keyOf({ columns: c, validity: v }: SectionBatch, row: number, isForeign: boolean): string | undefined {
  const domid = isValid(v.domid, row) ? c.domid[row] : -1;
  if (isForeign) return isValid(v.gfn, row) ? `foreign ${domid} ${c.gfn[2 * row]} ${c.gfn[2 * row + 1]}` : undefined;
  if (isValid(v.arg1, row)) return `handle ${domid} ${c.arg1[2 * row]}`;
  if (isValid(v.mfn, row)) return `grant ${domid} ${c.mfn[2 * row]} ${c.mfn[2 * row + 1]}`;
  return undefined;
}
