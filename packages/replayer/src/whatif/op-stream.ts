/*
 * What one pcpu does that an experiment with locks needs to know: operations in its order, as columns. Everything else is
 * the time between them.
 */

/** Time passes, and nothing else. */
export const OP_TICK = 0;
/** Takes, or gives back, a lock of another class than p2m. */
export const OP_LOCK = 1;
export const OP_UNLOCK = 2;
/** A section of a p2m begins, touches one more range or writes to one, and ends. */
export const OP_BEGIN = 3;
export const OP_CLAIM = 4;
export const OP_END = 5;
/** A foreign or grant mapping of a range is built, or ends; `need` is its number. */
export const OP_MAP = 6;
export const OP_UNMAP = 7;

/** Recorded as taken for reading. */
export const OP_SHARED = 1;
/** The section writes, or this claim is for a write. */
export const OP_WRITES = 2;
/** All of the p2m. */
export const OP_WHOLE = 4;
/** A p2m lock that is left as recorded: of another domain than the one asked for. */
export const OP_KEPT = 8;
/** No lock was recorded for the section: a lookup began it. */
export const OP_UNRECORDED = 16;

const BITS = 12;
/** Operations in a chunk. */
export const CHUNK_OPS = 1 << BITS;

/** Columns of some consecutive operations. */
export class OpChunk {
  readonly kind = new Uint8Array(CHUNK_OPS);
  readonly flags = new Uint8Array(CHUNK_OPS);
  /** The lock or p2m that it is about. */
  readonly res = new Int32Array(CHUNK_OPS);
  /** Ticks of its pcpu's own work since the operation before. */
  readonly ticks = new Float64Array(CHUNK_OPS);
  /** First and last gfn of a claim. */
  readonly first = new Float64Array(CHUNK_OPS);
  readonly last = new Float64Array(CHUNK_OPS);
  /** Of an acquisition that waited: ticks from when the lock was given back to when this pcpu had it. */
  readonly handoff = new Float64Array(CHUNK_OPS);
  /** Of an acquisition: how many recorded ones must have been given back before. */
  readonly need = new Float64Array(CHUNK_OPS);
  /** Call site, -1 for none. */
  readonly site = new Float64Array(CHUNK_OPS);
  readonly seq = new Float64Array(CHUNK_OPS);
}

/**
 * The operations of one pcpu, from the first that somebody still needs. Those up to `ready` are final; of later ones,
 * the end of their section is still to be read.
 */
export class OpStream {
  /** Operations written so far. */
  end = 0;
  ready = 0;
  /** No more will come. */
  ended = false;
  private readonly chunks: (OpChunk | undefined)[] = [];
  private dropped = 0;
  private readonly spare: OpChunk[] = [];

  /** The chunk with this operation, which lies at `at & (CHUNK_OPS - 1)`. */
  chunk(at: number): OpChunk {
    return this.chunks[at >>> BITS] as OpChunk;
  }

  /** Adds an operation without its details, and returns its place. */
  add(kind: number, res: number, ticks: number, seq: number): number {
    const at = this.end++;
    if ((at & (CHUNK_OPS - 1)) === 0) this.chunks.push(this.spare.pop() ?? new OpChunk());
    const chunk = this.chunk(at);
    const i = at & (CHUNK_OPS - 1);
    chunk.kind[i] = kind;
    chunk.flags[i] = 0;
    chunk.res[i] = res;
    chunk.ticks[i] = ticks;
    chunk.first[i] = 0;
    chunk.last[i] = 0;
    chunk.handoff[i] = 0;
    chunk.need[i] = 0;
    chunk.site[i] = -1;
    chunk.seq[i] = seq;
    return at;
  }

  /** Nobody needs what is before this place any more. */
  drop(before: number): void {
    const end = Math.min(before, this.ready);
    for (; (this.dropped + 1) * CHUNK_OPS <= end; this.dropped++) {
      const chunk = this.chunks[this.dropped];
      this.chunks[this.dropped] = undefined;
      if (chunk !== undefined && this.spare.length < 8) this.spare.push(chunk);
    }
  }
}
