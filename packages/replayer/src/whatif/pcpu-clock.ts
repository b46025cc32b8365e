import { CHUNK_OPS, type OpChunk, type OpStream } from './op-stream.js';
import type { Overlay } from './overlay.js';
import { ReadyQueue } from './ready-queue.js';

const MASK = CHUNK_OPS - 1;
/** seq of an operation that has not been read. */
const UNKNOWN = -1;

/** Where each pcpu is among its operations, and who is due first. */
export class PcpuClock {
  /** By pcpu: its next operation, and the time of the last. */
  readonly at: Float64Array;
  readonly now: Float64Array;
  /** Pcpus that don't wait and have not ended. */
  readonly queue: ReadyQueue;
  private readonly chunks: (OpChunk | undefined)[];
  private readonly streamOf: OpStream[];

  constructor(streams: readonly OpStream[], overlay: Overlay) {
    const { pcpus, shifts } = overlay;
    this.at = new Float64Array(pcpus);
    this.now = new Float64Array(pcpus);
    this.queue = new ReadyQueue(pcpus);
    this.chunks = new Array(pcpus);
    this.streamOf = Array.from({ length: pcpus }, (_, p) => streams[p % overlay.streams]);
    for (let p = 0; p < pcpus; p++) {
      this.now[p] = shifts[Math.floor(p / overlay.streams)];
      this.start(p);
    }
  }

  /** The pcpu that is due first, -1 if nobody is whose operation is known. */
  next(): number {
    const { queue, at } = this;
    while (queue.size > 0) {
      const p = queue.first;
      if (queue.seq[p] !== UNKNOWN) return p;
      const stream = this.streamOf[p];
      if (at[p] < stream.ready) {
        // What it does next has become known.
        this.setDue(p);
        queue.settle(p);
      } else if (stream.ended && at[p] >= stream.end) queue.remove(p);
      else return -1;
    }
    return -1;
  }

  /** Moves the pcpu to its next operation; returns the chunk of the one that it does now. */
  take(p: number, time: number): OpChunk {
    const place = this.at[p];
    const chunk = this.chunkOf(p, place);
    this.now[p] = time;
    this.at[p] = place + 1;
    if ((place & MASK) === MASK) this.chunks[p] = undefined;
    return chunk;
  }

  /** The pcpu did not have to wait. */
  goOn(p: number): void {
    this.setDue(p);
    // Others may have been woken meanwhile: it need not be the first any more.
    this.queue.settle(p);
  }

  /** The pcpu goes on with the operation after the last, from `now` on. */
  start(p: number): void {
    this.setDue(p);
    this.queue.push(p);
  }

  /** The pcpu does that operation next, at once. */
  startAgain(p: number, at: number, seq: number, time: number): void {
    this.at[p] = at;
    this.chunks[p] = undefined;
    this.now[p] = time;
    this.queue.time[p] = time;
    this.queue.seq[p] = seq;
    this.queue.push(p);
  }

  /** When the next operation of the pcpu is due: if it is not known yet, not before now. */
  private setDue(p: number): void {
    const { time, seq } = this.queue;
    const place = this.at[p];
    if (place >= this.streamOf[p].ready) {
      time[p] = this.now[p];
      seq[p] = UNKNOWN;
      return;
    }
    const chunk = this.chunks[p] ?? this.chunkOf(p, place);
    const i = place & MASK;
    time[p] = this.now[p] + chunk.ticks[i];
    seq[p] = chunk.seq[i];
  }

  /** The chunk with the pcpu's next operation, kept until it comes to another. */
  private chunkOf(p: number, place: number): OpChunk {
    let chunk = this.chunks[p];
    if (chunk === undefined) {
      chunk = this.streamOf[p].chunk(place);
      this.chunks[p] = chunk;
    }
    return chunk;
  }
}
