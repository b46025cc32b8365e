import { isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { arg1Of, hasFailed, mfnOf } from '../../batch/row-values.js';
import { HALVES } from '../../state/grant-state.js';
import { defineCheck } from '../check.js';
import { forEachFrame } from '../frames.js';

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

/** A grant mapping ends twice, its handle is given out twice, or its page is freed. */
export const grantPairing = defineCheck({
  rule: 'consistency.grant-pairing',
  make: ({ state: { grants }, now, report, opportunities }) => {
    const maps = opportunities('map');
    const unmaps = opportunities('unmap');
    const frees = opportunities('free');
    /** By domid and handle. */
    const handles = new Map<number, Handle>();
    /** Frame → what maps it. */
    const byMfn = new Map<number, Set<Handle>>();

    const map = (batch: ReplayBatch, row: number) => {
      const domid = grants.mapperOf(batch, row);
      const handle = arg1Of(batch, row);
      if (hasFailed(batch, row) || domid < 0 || Number.isNaN(handle)) return;
      maps.count();
      const key = keyOf(domid, handle);
      const { seq } = now;
      const old = handles.get(key);
      if (old !== undefined && old.open !== 0) {
        report({
          detail: 'mapped-again',
          mechanism: 'map',
          ...subjectOf(old),
          at: { mapped: old.mapped, mapped_again: seq },
        });
      }
      if (old !== undefined) close(old);
      const mfn = mfnOf(batch, row);
      const open = halvesOf(batch, row) || WHOLE;
      const owner = batch.columns.owner[row];
      const made: Handle = { domid, owner, handle, mfn, mapped: seq, open, closed: 0, unmapped: Number.NaN };
      handles.set(key, made);
      if (mfn >= 0) byMfn.set(mfn, (byMfn.get(mfn) ?? new Set()).add(made));
    };

    const unmap = (batch: ReplayBatch, row: number) => {
      const domid = grants.mapperOf(batch, row);
      const handle = arg1Of(batch, row);
      if (hasFailed(batch, row) || domid < 0 || Number.isNaN(handle)) return;
      const { seq } = now;
      unmaps.count();
      const named = halvesOf(batch, row);
      const found = handles.get(keyOf(domid, handle));
      if (found === undefined) {
        // Mapped before the trace, as far as it was.
        const [owner, mfn] = [batch.columns.owner[row], mfnOf(batch, row)];
        const made = { domid, owner, handle, mfn, mapped: Number.NaN, open: 0, closed: named || WHOLE, unmapped: seq };
        handles.set(keyOf(domid, handle), made);
        return;
      }
      const ended = named === 0 || found.open === WHOLE ? found.open || WHOLE : named;
      const isOver = found.open === 0 && (found.mapped >= 0 || (found.closed & WHOLE) !== 0);
      if ((found.open & ended) === 0 && (isOver || (found.closed & ended) === ended)) {
        const at = { mapped: found.mapped, unmapped: found.unmapped, unmapped_again: seq };
        report({ detail: 'unmapped-again', mechanism: 'unmap', ...subjectOf(found), at });
        return;
      }
      found.closed |= ended;
      found.open &= ~ended;
      found.unmapped = seq;
      if (found.open === 0) close(found);
    };

    /** Nothing of the handle is mapped any more. */
    const close = (handle: Handle) => {
      handle.open = 0;
      const left = byMfn.get(handle.mfn);
      left?.delete(handle);
      if (left?.size === 0) byMfn.delete(handle.mfn);
    };

    const freed = (mfn: number) => {
      frees.count();
      for (const handle of byMfn.get(mfn) ?? []) {
        report({
          detail: 'freed',
          mechanism: 'free',
          ...subjectOf(handle),
          at: { mapped: handle.mapped, freed: now.seq },
        });
      }
      byMfn.delete(mfn);
    };

    /** What a domain that dies had mapped ends without an event for each. */
    const forgetDomain = (domid: number) => {
      for (const [key, handle] of handles) {
        if (handle.domid !== domid) continue;
        close(handle);
        handles.delete(key);
      }
    };

    return {
      before: {
        grant_map: map,
        grant_unmap: unmap,
        page_free: (batch, row) => {
          if (handles.size > 0) forEachFrame(batch, row, freed);
        },
        domain_destroy: ({ columns }, row) => forgetDomain(columns.domid[row]),
      },
      forget: () => {
        handles.clear();
        byMfn.clear();
      },
      forgetDomain,
    };
  },
});

const keyOf = (domid: number, handle: number): number => domid * 2 ** 32 + handle;

const subjectOf = ({ domid, owner, handle, mfn }: Handle) => ({ domid, owner, handle, mfn });

function halvesOf({ columns, validity }: ReplayBatch, row: number): number {
  return isValid(validity.flags, row) ? columns.flags[row] & HALVES : 0;
}
