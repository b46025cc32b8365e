import { FLAG, isValid } from '@p2mtrace/trace-format';
import { gfnOf } from '../../batch/row-values.js';
import type { MakeCheck } from '../check-scope.js';

/** Pairs of ranges that are watched at once. */
const MOST = 4096;

/** A range that a pcpu got with the lock; only its put_gfn tells the order, -1 until then. */
interface Range {
  readonly pcpu: number;
  readonly gfn: number;
  readonly seq: number;
  order: number;
}
/** Two ranges of one p2m that were held at once. */
interface Pair {
  readonly domid: number;
  readonly view: number;
  readonly held: Range;
  readonly got: Range;
}

/** gfn-range.overlap: two pcpus hold ranges of one p2m with a frame in common (mail 2). */
export const rangeOverlap: MakeCheck = ({ state, now, records, report }) => {
  const { translations, locks } = state;
  const hasLocks = records('lock_acquire');
  let pairs: Pair[] = [];

  const judge = ({ domid, view, held, got }: Pair) => {
    const heldEnd = held.gfn + 2 ** Math.max(held.order, 0);
    const gotEnd = got.gfn + 2 ** Math.max(got.order, 0);
    if (held.gfn >= gotEnd || got.gfn >= heldEnd) return;
    const { pcpu, gfn } = got;
    report({ breach: 'overlap', domid, view, gfn, pcpu, caller: -1, at: [held.seq, got.seq] });
  };

  return {
    before: {
      put_gfn: (batch, row) => {
        if (pairs.length === 0) return;
        const { columns: c, validity: v } = batch;
        const pcpu = isValid(v.pcpu, row) ? c.pcpu[row] : -1;
        const seq = translations.seqOf(pcpu, c.domid[row], c.view[row], gfnOf(batch, row));
        for (const { held, got } of pairs) {
          for (const range of [held, got]) {
            if (range.pcpu === pcpu && range.seq === seq) range.order = isValid(v.order, row) ? c.order[row] : 0;
          }
        }
        const isComplete = ({ held, got }: Pair) => held.order >= 0 && got.order >= 0;
        pairs.filter(isComplete).forEach(judge);
        pairs = pairs.filter(pair => !isComplete(pair));
      },
    },
    after: {
      lookup: (batch, row) => {
        const { columns: c, validity: v } = batch;
        const gfn = gfnOf(batch, row);
        if ((c.flags[row] & FLAG.locked) === 0 || gfn < 0 || !isValid(v.pcpu, row)) return;
        const [pcpu, domid, view] = [c.pcpu[row], c.domid[row], c.view[row]];
        translations.forEachElsewhere(pcpu, domid, view, (other, heldGfn, seq) => {
          // A pcpu without any lock has given up what it never put.
          if (pairs.length === MOST || (hasLocks && locks.innermost(other) < locks.bottom(other))) return;
          const held = { pcpu: other, gfn: heldGfn, seq, order: -1 };
          pairs.push({ domid, view, held, got: { pcpu, gfn, seq: now.seq, order: -1 } });
        });
      },
    },
    end: () => pairs.forEach(judge),
    forget: () => {
      pairs = [];
    },
  };
};
