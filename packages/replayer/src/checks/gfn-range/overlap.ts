import { FLAG, isValid } from '@p2mtrace/trace-format';
import { gfnOf } from '../../batch/row-values.js';
import { framesOf } from '../../memory/order.js';
import { holdsNothing } from '../../tables/held-locks.js';
import { defineCheck } from '../check.js';

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

const isComplete = ({ held, got }: Pair) => held.order >= 0 && got.order >= 0;

/** Two pcpus hold ranges of one p2m with a frame in common. */
export const overlap = defineCheck({
  rule: 'gfn-range.overlap',
  make: ({ state: { translations, locks }, now, records, report, opportunities }) => {
    const gets = opportunities('get');
    const hasLocks = records('lock_acquire');
    let pairs: Pair[] = [];
    let domid = -1;
    let view = -1;
    let gfn = -1;

    const judge = (pair: Pair) => {
      const { held, got } = pair;
      const heldEnd = held.gfn + framesOf(Math.max(held.order, 0));
      const gotEnd = got.gfn + framesOf(Math.max(got.order, 0));
      if (held.gfn >= gotEnd || got.gfn >= heldEnd) return;
      const at = { held: held.seq, got: got.seq };
      report({ domid: pair.domid, view: pair.view, gfn: got.gfn, pcpu: got.pcpu, caller: -1, at });
    };

    const watch = (other: number, heldGfn: number, seq: number) => {
      // A pcpu without any lock has given up what it never put.
      if (pairs.length === MOST || (hasLocks && holdsNothing(locks, other))) return;
      const held = { pcpu: other, gfn: heldGfn, seq, order: -1 };
      pairs.push({ domid, view, held, got: { pcpu: now.pcpu, gfn, seq: now.seq, order: -1 } });
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
          pairs.filter(isComplete).forEach(judge);
          pairs = pairs.filter(pair => !isComplete(pair));
        },
      },
      after: {
        lookup: (batch, row) => {
          const { columns: c, validity: v } = batch;
          gfn = gfnOf(batch, row);
          if ((c.flags[row] & FLAG.locked) === 0 || gfn < 0 || !isValid(v.pcpu, row)) return;
          gets.countAt(-1);
          domid = c.domid[row];
          view = c.view[row];
          translations.forEachElsewhere(c.pcpu[row], domid, view, watch);
        },
      },
      end: () => pairs.forEach(judge),
      forget: () => {
        pairs = [];
      },
    };
  },
});
