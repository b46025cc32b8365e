import { FLAG, KIND } from '@p2mtrace/trace-format';
import { FrameRecords } from '../frame-records.js';
import type { Handlers } from '../handlers.js';
import type { ReplayBatch } from '../replay-batch.js';
import { mfnOf } from '../row-values.js';
import type { Check, CheckScope, MakeCheck } from './check.js';
import { slotOf } from './known-pages.js';
import { KnownTypes } from './known-types.js';

const K_PUT_PAGE = KIND.put_page;
/** A get_page with the flag light, among kinds. */
const LIGHT_GET = -1;

/** Of a frame: the last event of a reference, its pcpu, and when PGT_partial was set (NaN for unknown). */
const KIND_OF_LAST = 0;
const PCPU = 1;
const PARTIAL_SEQ = 2;
const WIDTH = 3;

/**
 * refcount.partial-reference: PGT_partial owns a general reference, which get_page_light takes right before the flag is
 * set, and put_page drops right before it is cleared (X§4.3; mail 4).
 */
export const partialReference: MakeCheck = scope => new PartialReference(scope);

class PartialReference implements Check {
  private readonly scope: CheckScope;
  private readonly types: KnownTypes;
  private readonly last = new FrameRecords(WIDTH);
  private wasPartial = false;
  private wasKnown = false;
  readonly before: Handlers = {};
  readonly after: Handlers = {};

  constructor(scope: CheckScope) {
    this.scope = scope;
    this.types = new KnownTypes(scope.state.pages, scope.state.profile);
    if (!scope.records('get_type')) return;
    const before = (batch: ReplayBatch, row: number) => this.remember(batch, row);
    const after = (batch: ReplayBatch, row: number) => {
      this.judge(batch, row);
      this.note(batch, row);
    };
    const note = (batch: ReplayBatch, row: number) => this.note(batch, row);
    this.before = { get_type: before, put_type: before };
    this.after = { get_type: after, put_type: after, get_page: note, put_page: note, alloc_ref_drop: note };
  }

  private remember(batch: ReplayBatch, row: number): void {
    const slot = slotOf(this.scope.state.pages, mfnOf(batch, row));
    this.wasKnown = slot !== 0 && this.types.isKnown(slot);
    this.wasPartial = this.wasKnown && this.types.isPartial(slot);
  }

  private note(batch: ReplayBatch, row: number): void {
    const { columns: c } = batch;
    if ((c.flags[row] & FLAG.failed) !== 0) return;
    const at = this.last.make(mfnOf(batch, row));
    const { data } = this.last;
    data[at + KIND_OF_LAST] = (c.flags[row] & FLAG.light) !== 0 ? LIGHT_GET : c.kind[row];
    data[at + PCPU] = this.scope.now.pcpu;
  }

  private judge(batch: ReplayBatch, row: number): void {
    const mfn = mfnOf(batch, row);
    const slot = slotOf(this.scope.state.pages, mfn);
    if (slot === 0 || !this.types.isKnown(slot)) return;
    const isPartial = this.types.isPartial(slot);
    if (isPartial === this.wasPartial) return;
    const { now, report } = this.scope;
    const known = this.last.find(mfn);
    const at = this.last.make(mfn);
    const { data } = this.last;
    // What another pcpu did in between hides what this one did.
    const isJudged = this.wasKnown && known >= 0 && data[at + PCPU] === now.pcpu;
    const expected = isPartial ? LIGHT_GET : K_PUT_PAGE;
    if (isJudged && data[at + KIND_OF_LAST] !== expected) {
      const witnesses = isPartial ? [now.seq] : [data[at + PARTIAL_SEQ], now.seq];
      report({ breach: 'partial-reference', mfn, at: witnesses });
    }
    data[at + PARTIAL_SEQ] = isPartial ? now.seq : Number.NaN;
  }

  readonly forget = (): void => this.last.clear();
}
