import { FLAG, KIND } from '@p2mtrace/trace-format';
import type { Handlers } from '../../batch/handlers.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { mfnOf } from '../../batch/row-values.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';
import { slotOf } from '../known-pages.js';
import { KnownTypes } from '../known-types.js';

const K_PUT_PAGE = KIND.put_page;
/** A get_page with the flag light, among kinds. */
const LIGHT_GET = 127;
/** Events of a pcpu that are remembered; the two follow each other. */
const REMEMBERED = 8;

/** The last reference events of a pcpu, as a ring. */
class LastEvents {
  private readonly mfn = new Float64Array(REMEMBERED).fill(-1);
  private readonly kind = new Int8Array(REMEMBERED);
  private next = 0;

  add(mfn: number, kind: number): void {
    this.mfn[this.next] = mfn;
    this.kind[this.next] = kind;
    this.next = (this.next + 1) % REMEMBERED;
  }

  /** Kind of the last one on that frame, -1 where it was too long ago. */
  kindOf(mfn: number): number {
    for (let i = 1; i <= REMEMBERED; i++) {
      const at = (this.next + REMEMBERED - i) % REMEMBERED;
      if (this.mfn[at] === mfn) return this.kind[at];
    }
    return -1;
  }
}

/**
 * refcount.partial-reference: PGT_partial owns a general reference, which get_page_light takes right before the flag is
 * set, and put_page drops right before it is cleared (X§4.3; mail 4).
 */
export const partialReference: MakeCheck = scope => new PartialReference(scope);

class PartialReference implements Check {
  private readonly scope: CheckScope;
  private readonly types: KnownTypes;
  private readonly byPcpu: LastEvents[] = [];
  /** Frame → when PGT_partial was set. */
  private readonly partialSeq = new Map<number, number>();
  private wasKnown = false;
  private wasPartial = false;
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
    const { pcpu } = this.scope.now;
    if (pcpu < 0 || (c.flags[row] & FLAG.failed) !== 0) return;
    this.byPcpu[pcpu] ??= new LastEvents();
    this.byPcpu[pcpu].add(mfnOf(batch, row), (c.flags[row] & FLAG.light) !== 0 ? LIGHT_GET : c.kind[row]);
  }

  private judge(batch: ReplayBatch, row: number): void {
    const mfn = mfnOf(batch, row);
    const slot = slotOf(this.scope.state.pages, mfn);
    if (slot === 0 || !this.wasKnown || !this.types.isKnown(slot)) return;
    const isPartial = this.types.isPartial(slot);
    if (isPartial === this.wasPartial) return;
    const { now, report } = this.scope;
    const last = this.byPcpu[now.pcpu]?.kindOf(mfn) ?? -1;
    if (last >= 0 && last !== (isPartial ? LIGHT_GET : K_PUT_PAGE)) {
      const at = isPartial ? [now.seq] : [this.partialSeq.get(mfn) ?? -1, now.seq];
      report({ breach: 'partial-reference', mfn, at });
    }
    if (isPartial) this.partialSeq.set(mfn, now.seq);
    else this.partialSeq.delete(mfn);
  }

  readonly forget = (): void => {
    this.byPcpu.length = 0;
    this.partialSeq.clear();
  };
}
