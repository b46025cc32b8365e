/** Pcpus by when their next operation is due: by time, then by seq of the trace, then by number. A binary heap. */
export class ReadyQueue {
  size = 0;
  private readonly heap: Int32Array;
  /** By pcpu: its place in the heap, if it is there. */
  private readonly places: Int32Array;
  /** By pcpu. */
  readonly time: Float64Array;
  readonly seq: Float64Array;

  constructor(pcpus: number) {
    this.heap = new Int32Array(pcpus);
    this.places = new Int32Array(pcpus);
    this.time = new Float64Array(pcpus);
    this.seq = new Float64Array(pcpus);
  }

  get first(): number {
    return this.heap[0];
  }

  push(pcpu: number): void {
    this.rise(pcpu, this.size++);
  }

  /** The pcpu is due later than it was. */
  settle(pcpu: number): void {
    const { heap, size, time } = this;
    const due = time[pcpu];
    // Most often it is still the first: nobody has to move.
    if (heap[0] === pcpu && (size < 2 || due < time[heap[1]]) && (size < 3 || due < time[heap[2]])) return;
    this.sink(pcpu, this.places[pcpu]);
  }

  /** Takes out a pcpu that is anywhere in it. */
  remove(pcpu: number): void {
    const at = this.places[pcpu];
    const moved = this.heap[--this.size];
    if (moved === pcpu) return;
    if (at > 0 && this.isBefore(moved, this.heap[(at - 1) >>> 1])) this.rise(moved, at);
    else this.sink(moved, at);
  }

  private isBefore(a: number, b: number): boolean {
    const { time, seq } = this;
    if (time[a] !== time[b]) return time[a] < time[b];
    return seq[a] !== seq[b] ? seq[a] < seq[b] : a < b;
  }

  private rise(pcpu: number, from: number): void {
    const { heap, places } = this;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const other = heap[parent];
      if (!this.isBefore(pcpu, other)) break;
      heap[at] = other;
      places[other] = at;
      at = parent;
    }
    heap[at] = pcpu;
    places[pcpu] = at;
  }

  private sink(pcpu: number, from: number): void {
    const { heap, places, size, time } = this;
    const due = time[pcpu];
    let at = from;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      let other = heap[child];
      if (child + 1 < size) {
        const right = heap[child + 1];
        // Most are due at different times.
        if (time[right] < time[other] || (time[right] === time[other] && this.isBefore(right, other))) {
          child++;
          other = right;
        }
      }
      if (time[other] > due || (time[other] === due && !this.isBefore(other, pcpu))) break;
      heap[at] = other;
      places[other] = at;
      at = child;
    }
    heap[at] = pcpu;
    places[pcpu] = at;
  }
}
