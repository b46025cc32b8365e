import { isValid } from '@p2mtrace/trace-format';
import { gfnOf, pcpuOf } from '../../batch/row-values.js';
import type { Translation } from '../../tables/translation-table.js';
import type { MakeCheck } from '../check-scope.js';
import { VcpuSwitches } from '../lock-order/vcpu-switches.js';

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

/** gfn-range.put-without-get and .get-without-put: lookups with the lock, and put_gfn, come in pairs (mail 2). */
export const gfnPairs: MakeCheck = ({ state, now, records, report }) => {
  const { translations } = state;
  const switches = new VcpuSwitches();
  const puts: LastPuts[] = [];
  /** Where locks are recorded and put_gfn is not, lookups end with their lock. */
  const endsByPut = records('put_gfn') || !records('lock_acquire');

  const reportGot = ({ domid, view, gfn, seq }: Translation, pcpu: number, switched: number) => {
    const confidence = switched < 0 ? 'possible' : 'proven';
    report({ breach: 'get-without-put', confidence, domid, view, gfn, pcpu, caller: -1, at: [seq, switched] });
  };

  return {
    before: {
      put_gfn: (batch, row) => {
        const { columns: c, validity: v } = batch;
        if (!isValid(v.pcpu, row)) return;
        const [pcpu, domid, view, gfn] = [c.pcpu[row], c.domid[row], c.view[row], gfnOf(batch, row)];
        puts[pcpu] ??= new LastPuts();
        const p2m = domid * 0x1_0000 + view;
        if (translations.seqOf(pcpu, domid, view, gfn) === -1) {
          const before = puts[pcpu].find(p2m, gfn);
          const confidence = before < 0 ? 'possible' : 'proven';
          report({ breach: 'put-without-get', confidence, domid, view, gfn, at: [before, now.seq] });
        }
        puts[pcpu].add(p2m, gfn, now.seq);
      },
      sched_switch: (batch, row) => {
        puts[pcpuOf(batch, row)]?.clear();
        const pcpu = switches.left(batch, row);
        if (pcpu < 0 || !endsByPut) return;
        for (const translation of translations.of(pcpu)) reportGot(translation, pcpu, now.seq);
      },
    },
    end: () => {
      if (!endsByPut) return;
      for (const pcpu of translations.pcpus()) {
        for (const translation of translations.of(pcpu)) reportGot(translation, pcpu, -1);
      }
    },
    forget: pcpu => {
      switches.forget(pcpu);
      puts.length = 0;
    },
  };
};
