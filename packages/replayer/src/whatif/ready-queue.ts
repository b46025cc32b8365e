/** Pcpus by when their next operation is due: by time, then by seq of the trace, then by number. A binary heap. */
export class ReadyQueue {
  size = 0;
  private readonly heap: Int32Array;
  /** By pcpu. */
  readonly time: Float64Array;
  readonly seq: Float64Array;

  constructor(pcpus: number) {
    this.heap = new Int32Array(pcpus);
    this.time = new Float64Array(pcpus);
    this.seq = new Float64Array(pcpus);
  }

  get first(): number {
    return this.heap[0];
  }

  private isBefore(a: number, b: number): boolean {
    const { time, seq } = this;
    if (time[a] !== time[b]) return time[a] < time[b];
    return seq[a] !== seq[b] ? seq[a] < seq[b] : a < b;
  }

  push(pcpu: number): void {
    const { heap } = this;
    let at = this.size++;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      if (!this.isBefore(pcpu, heap[parent])) break;
      heap[at] = heap[parent];
      at = parent;
    }
    heap[at] = pcpu;
  }

  /** The first one is gone. */
  pop(): void {
    const moved = this.heap[--this.size];
    if (this.size > 0) this.sink(moved);
  }

  /** The first one is due later than it was. */
  settle(): void {
    if (this.size > 1) this.sink(this.heap[0]);
  }

  private sink(pcpu: number): void {
    const { heap, size } = this;
    let at = 0;
    for (;;) {
      let child = 2 * at + 1;
      if (child >= size) break;
      if (child + 1 < size && this.isBefore(heap[child + 1], heap[child])) child++;
      if (!this.isBefore(heap[child], pcpu)) break;
      heap[at] = heap[child];
      at = child;
    }
    heap[at] = pcpu;
  }

  /** Takes out one that is anywhere. */
  remove(pcpu: number): void {
    const { heap } = this;
    const rest = Array.from(heap.subarray(0, this.size)).filter(other => other !== pcpu);
    this.size = 0;
    for (const other of rest) this.push(other);
  }
}
