import { isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { arg1Of, hasFailed, mfnOf } from '../../batch/row-values.js';
import type { BreachDetail } from '../../facts/breach-names.js';
import { MAX_FRAME } from '../../memory/frame-table.js';
import { HALVES } from '../../state/grant-state.js';
import { MAX_PAGE_ORDER } from '../../tables/page-table.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';

/** A mapping or unmap that names neither half is about the whole; no flag has this bit. */
const WHOLE = 2 ** 30;

/** What the trace shows of a handle since it was last given out. */
interface Handle {
  readonly domid: number;
  readonly owner: number;
  readonly handle: number;
  readonly mfn: number;
  /** The mapping's seq, NaN for one that was there before. */
  readonly mapped: number;
  /** Halves that are mapped, and those that were unmapped. */
  open: number;
  closed: number;
  /** The unmap that came last. */
  unmapped: number;
}

/** consistency.grant-pairing: a grant mapping ends twice, its handle is given out twice, or its page is freed (X§8). */
export const grantPairing: MakeCheck = scope => new GrantPairing(scope);

class GrantPairing implements Check {
  private readonly scope: CheckScope;
  /** By domid and handle. */
  private readonly handles = new Map<number, Handle>();
  /** Frame → what maps it. */
  private readonly byMfn = new Map<number, Handle[]>();

  constructor(scope: CheckScope) {
    this.scope = scope;
  }

  readonly before = {
    grant_map: (batch: ReplayBatch, row: number) => this.map(batch, row),
    grant_unmap: (batch: ReplayBatch, row: number) => this.unmap(batch, row),
    page_free: (batch: ReplayBatch, row: number) => {
      if (this.byMfn.size > 0) this.free(batch, row);
    },
    domain_destroy: ({ columns }: ReplayBatch, row: number) => this.forgetDomain(columns.domid[row]),
  };

  private map(batch: ReplayBatch, row: number): void {
    const domid = this.scope.state.grants.mapperOf(batch, row);
    const handle = arg1Of(batch, row);
    if (hasFailed(batch, row) || domid < 0 || Number.isNaN(handle)) return;
    const key = keyOf(domid, handle);
    const { seq } = this.scope.now;
    const old = this.handles.get(key);
    if (old !== undefined && old.open !== 0)
      this.report(old, 'mapped-again', [old.mapped, Number.NaN, Number.NaN, Number.NaN, seq]);
    if (old !== undefined) this.close(old);
    const mfn = mfnOf(batch, row);
    const open = halvesOf(batch, row) || WHOLE;
    const owner = batch.columns.owner[row];
    const made: Handle = { domid, owner, handle, mfn, mapped: seq, open, closed: 0, unmapped: Number.NaN };
    this.handles.set(key, made);
    if (mfn >= 0) this.byMfn.set(mfn, [...(this.byMfn.get(mfn) ?? []), made]);
  }

  private unmap(batch: ReplayBatch, row: number): void {
    const domid = this.scope.state.grants.mapperOf(batch, row);
    const handle = arg1Of(batch, row);
    if (hasFailed(batch, row) || domid < 0 || Number.isNaN(handle)) return;
    const { seq } = this.scope.now;
    const named = halvesOf(batch, row);
    const found = this.handles.get(keyOf(domid, handle));
    if (found === undefined) {
      // Mapped before the trace, as far as it was.
      const [owner, mfn] = [batch.columns.owner[row], mfnOf(batch, row)];
      const made = { domid, owner, handle, mfn, mapped: Number.NaN, open: 0, closed: named || WHOLE, unmapped: seq };
      this.handles.set(keyOf(domid, handle), made);
      return;
    }
    const ended = named === 0 || found.open === WHOLE ? found.open || WHOLE : named;
    const isOver = found.open === 0 && (found.mapped >= 0 || (found.closed & WHOLE) !== 0);
    if ((found.open & ended) === 0 && (isOver || (found.closed & ended) === ended)) {
      this.report(found, 'unmapped-again', [found.mapped, found.unmapped, seq]);
      return;
    }
    found.closed |= ended;
    found.open &= ~ended;
    found.unmapped = seq;
    if (found.open === 0) this.close(found);
  }

  /** Nothing of the handle is mapped any more. */
  private close(handle: Handle): void {
    handle.open = 0;
    const left = (this.byMfn.get(handle.mfn) ?? []).filter(other => other !== handle);
    if (left.length > 0) this.byMfn.set(handle.mfn, left);
    else this.byMfn.delete(handle.mfn);
  }

  private free(batch: ReplayBatch, row: number): void {
    const first = mfnOf(batch, row);
    const order = batch.columns.order[row];
    if (first >= MAX_FRAME || order > MAX_PAGE_ORDER) return;
    for (let mfn = first; mfn < first + 2 ** order; mfn++) {
      for (const handle of this.byMfn.get(mfn) ?? []) {
        this.report(handle, 'freed', [handle.mapped, Number.NaN, Number.NaN, this.scope.now.seq]);
      }
      this.byMfn.delete(mfn);
    }
  }

  private report({ domid, owner, handle, mfn }: Handle, detail: BreachDetail, at: number[]): void {
    this.scope.report({ breach: 'grant-pairing', detail, domid, owner, handle, mfn, at });
  }

  readonly forget = (): void => {
    this.handles.clear();
    this.byMfn.clear();
  };

  /** What a domain that dies had mapped ends without an event for each. */
  readonly forgetDomain = (domid: number): void => {
    for (const [key, handle] of this.handles) {
      if (handle.domid !== domid) continue;
      this.close(handle);
      this.handles.delete(key);
    }
  };
}

const keyOf = (domid: number, handle: number): number => domid * 0x1_0000_0000 + handle;

function halvesOf({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.flags, row) ? columns.flags[row] & HALVES : 0;
}
