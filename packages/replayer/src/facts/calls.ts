import { withRoom } from '../memory/frame-table.js';

const UNKNOWN = -1;

/**
 * Calls, as far as the trace shows them: no event says where a hypercall or an exit begins. While a pcpu holds no lock and
 * goes on at the call site where it was, it is taken to be in the same call; at another one, in the next.
 */
export class Calls {
  /** By pcpu: how many calls it has begun, and the call site that it is at. */
  private begun = new Float64Array(0);
  private site = new Int32Array(0);
  /** By pcpu: seq of the last thing that it did with a frame that it had not looked up in this call. */
  private strayedAt = new Float64Array(0);

  /** Number of the call that the pcpu is in. */
  of(pcpu: number): number {
    return pcpu < this.begun.length ? this.begun[pcpu] : 0;
  }

  /** The pcpu holds nothing, and is at that call site; true where that is another one than before. */
  enter(pcpu: number, site: number, seq: number): boolean {
    if (pcpu < 0 || site === UNKNOWN) return false;
    if (pcpu >= this.begun.length) this.make(pcpu + 1);
    if (this.site[pcpu] === site) return false;
    this.site[pcpu] = site;
    this.begun[pcpu]++;
    this.strayedAt[pcpu] = seq;
    return true;
  }

  /** So many calls are over by now. */
  end(pcpu: number, calls: number): void {
    if (pcpu < 0) return;
    if (pcpu >= this.begun.length) this.make(pcpu + 1);
    this.begun[pcpu] += calls;
    this.site[pcpu] = UNKNOWN;
  }

  stray(pcpu: number, seq: number): void {
    if (pcpu < 0) return;
    if (pcpu >= this.begun.length) this.make(pcpu + 1);
    this.strayedAt[pcpu] = seq;
  }

  /** seq at which the pcpu strayed last, or entered its call; -1 for never. */
  strayed(pcpu: number): number {
    return pcpu < this.strayedAt.length ? this.strayedAt[pcpu] : -1;
  }

  private make(room: number): void {
    const before = this.begun.length;
    this.begun = withRoom(this.begun, room);
    this.site = withRoom(this.site, room).fill(UNKNOWN, before);
    this.strayedAt = withRoom(this.strayedAt, room).fill(-1, before);
  }
}
