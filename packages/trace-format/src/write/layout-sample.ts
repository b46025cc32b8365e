import type { EventBatch } from '../kernel/event-batch.js';
import { PRESENT } from '../schema/columns.js';
import { FLAG } from '../schema/flags.js';
import { KIND } from '../schema/kinds.js';
import { LayoutFit } from '../schema/layout-fit.js';
import type { TraceMetadata } from '../schema/metadata.js';

/** Pages whose last count is remembered: each has one place, which the next page with that place takes over. */
const PLACES = 1 << 14;
const COUNT = PRESENT.count_info;
/** Of a long trace every batch is looked at up to so many, and then one in EACH: a layout doesn't change within it. */
const ALL_OF_FIRST = 32;
const EACH = 8;

/** By how much each kind moves the count; or that it says nothing about it, or sets it. */
const NOTHING = 2;
const SETS = 3;
const MOVES = new Int8Array(256).fill(NOTHING);
MOVES[KIND.get_page] = 1;
MOVES[KIND.put_page] = -1;
MOVES[KIND.alloc_ref_drop] = -1;
MOVES[KIND.page_alloc] = SETS;
MOVES[KIND.page_free] = SETS;
MOVES[KIND.owner_set] = SETS;

/** Looks at the counts in an import, to find the page_info layout if it was not given. */
export class LayoutSample {
  private readonly fit = new LayoutFit();
  private readonly frames = new Float64Array(PLACES).fill(Number.NaN);
  private readonly counts = new Uint32Array(2 * PLACES);
  private batches = 0;
  /** The batch of the moment is looked at. */
  private isChosen = false;

  /** Looks at the rows from `from` on; must be called before the batch is handed on. */
  look({ rows, columns, present }: EventBatch, from = 0): void {
    if (from === 0) this.begin();
    if (!this.isChosen) return;
    const { kind, flags, mfn, count_info: info } = columns;
    for (let row = from; row < rows; row++) {
      const by = MOVES[kind[row]];
      if (by === NOTHING) continue;
      if (by === SETS) {
        // Large orders are rare, so forgetting everything costs little.
        if (columns.order[row] > 0) this.frames.fill(Number.NaN);
        else this.frames[mfn[2 * row] % PLACES] = Number.NaN;
      } else if ((present[row] & COUNT) !== 0 && (flags[row] & FLAG.failed) === 0) {
        this.note(mfn[2 * row] + mfn[2 * row + 1] * 2 ** 32, info[2 * row], info[2 * row + 1], by);
      }
    }
  }

  /** Another batch. */
  private begin(): void {
    this.isChosen = this.batches < ALL_OF_FIRST || (this.batches + 1) % EACH === 0;
    // What the batches between did to the counts is not known.
    if (this.isChosen && this.batches >= ALL_OF_FIRST) this.frames.fill(Number.NaN);
    this.batches++;
  }

  private note(frame: number, low: number, high: number, by: number): void {
    const { counts } = this;
    const place = frame % PLACES;
    const at = 2 * place;
    if (this.frames[place] === frame) {
      // Only allocated pages: a page without owner may have any count. PGC_allocated is the top bit in every layout.
      const isAllocated =
        counts[at + 1] >>> 31 !== 0 || (counts[at + 1] === 0 && high === 0 && counts[at] >>> 31 !== 0);
      if (isAllocated) this.fit.step(counts[at], counts[at + 1], low, high, by);
    }
    this.frames[place] = frame;
    counts[at] = low;
    counts[at + 1] = high;
  }

  /** The metadata with the only layout that fits, if the assumed one does not; it says so. */
  settle(metadata: TraceMetadata): TraceMetadata {
    const against = this.fit.against(metadata.layout);
    if (against === 0) return metadata;
    const fitting = this.fit.fitting();
    const [only] = fitting;
    const contradicted = `page_info layout ${metadata.layout} is contradicted by ${against} counts`;
    const isFound = fitting.length === 1;
    const said = isFound
      ? `${contradicted}; ${only}, which alone fits them, is used instead`
      : `${contradicted}; ${fitting.length === 0 ? 'no known layout fits' : `${fitting.join(', ')} fit`} them`;
    return { ...metadata, ...(isFound ? { layout: only } : {}), assumed: [...metadata.assumed, said] };
  }
}
