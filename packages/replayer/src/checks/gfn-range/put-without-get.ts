import { isValid } from '@p2mtrace/trace-format';
import { gfnOf, pcpuOf } from '../../batch/row-values.js';
import { p2mKey } from '../../memory/keys.js';
import { defineCheck } from '../check.js';

/** Last put_gfns of a pcpu that are remembered. */
const REMEMBERED = 8;

/** The last put_gfns of one pcpu, as a ring. */
class LastPuts {
  private readonly gfn = new Float64Array(REMEMBERED).fill(-1);
  private readonly p2m = new Float64Array(REMEMBERED);
  private readonly seq = new Float64Array(REMEMBERED);
  private next = 0;

  add(p2m: number, gfn: number, seq: number): void {
    this.gfn[this.next] = gfn;
    this.p2m[this.next] = p2m;
    this.seq[this.next] = seq;
    this.next = (this.next + 1) % REMEMBERED;
  }

  /** seq of the last one of that gfn, -1 for none. */
  find(p2m: number, gfn: number): number {
    let last = -1;
    for (let i = 0; i < REMEMBERED; i++) {
      if (this.gfn[i] === gfn && this.p2m[i] === p2m) last = Math.max(last, this.seq[i]);
    }
    return last;
  }

  clear(): void {
    this.gfn.fill(-1);
  }
}

/** A put_gfn of what its pcpu has not looked up with the lock, or has put before. */
export const putWithoutGet = defineCheck({
  rule: 'gfn-range.put-without-get',
  make: ({ state: { translations }, now, report, opportunities }) => {
    const counted = opportunities('put');
    const puts: LastPuts[] = [];
    return {
      before: {
        put_gfn: (batch, row) => {
          const { columns: c, validity: v } = batch;
          if (!isValid(v.pcpu, row)) return;
          counted.count();
          const pcpu = c.pcpu[row];
          const domid = c.domid[row];
          const view = c.view[row];
          const gfn = gfnOf(batch, row);
          puts[pcpu] ??= new LastPuts();
          const p2m = p2mKey(domid, view);
          if (translations.seqOf(pcpu, domid, view, gfn) === -1) {
            const before = puts[pcpu].find(p2m, gfn);
            const confidence = before < 0 ? 'possible' : 'proven';
            report({ confidence, domid, view, gfn, at: { put_before: before, put: now.seq } });
          }
          puts[pcpu].add(p2m, gfn, now.seq);
        },
        sched_switch: (batch, row) => puts[pcpuOf(batch, row)]?.clear(),
      },
      forget: () => {
        puts.length = 0;
      },
    };
  },
});
