/** pcpus have 16 bits, rows 31: a place, row * PCPUS + pcpu, is exact. */
export const PCPUS = 2 ** 16;

/** An event as one number: its row and its pcpu. */
export const placeOf = (row: number, pcpu: number): number => row * PCPUS + pcpu;
export const rowOfPlace = (place: number): number => Math.floor(place / PCPUS);
export const pcpuOfPlace = (place: number): number => place % PCPUS;
/** No event. */
export const NOWHERE = -1;

/** Who wrote a frame last, where writes are of 2^order frames at once. */
export class LastWrites {
  /** By order: place of the last write of that order, by the frame's number in units of it. */
  private readonly byOrder = new Map<number, Map<number, number>>();

  set(frame: number, order: number, place: number): void {
    let writes = this.byOrder.get(order);
    if (writes === undefined) {
      writes = new Map();
      this.byOrder.set(order, writes);
    }
    writes.set(Math.floor(frame / 2 ** order), place);
  }

  /** NOWHERE for none. */
  get(frame: number): number {
    let last = NOWHERE;
    for (const [order, writes] of this.byOrder) {
      const place = writes.get(Math.floor(frame / 2 ** order));
      if (place !== undefined && place > last) last = place;
    }
    return last;
  }
}
