import { FLAG } from '@p2mtrace/trace-format';
import type { Translation } from '../../tables/translation-table.js';
import { defineCheck } from '../check.js';
import { VcpuSwitches } from '../vcpu-switches.js';

/** A lookup with the lock is not put when its pcpu goes on to another vcpu, or when the trace ends. */
export const getWithoutPut = defineCheck({
  rule: 'gfn-range.get-without-put',
  make: ({ state: { translations }, now, records, report, opportunities }) => {
    const gets = opportunities('get');
    // Where locks are recorded and put_gfn is not, lookups end with their lock.
    if (records('lock_acquire') && !records('put_gfn')) return {};
    const switches = new VcpuSwitches();

    const tell = ({ domid, view, gfn, seq }: Translation, pcpu: number, switched: number) => {
      const confidence = switched < 0 ? 'possible' : 'proven';
      report({ confidence, domid, view, gfn, pcpu, caller: -1, at: { got: seq, switched } });
    };

    return {
      after: {
        lookup: ({ columns }, row) => {
          if ((columns.flags[row] & FLAG.locked) !== 0) gets.countAt(-1);
        },
      },
      before: {
        sched_switch: (batch, row) => {
          const pcpu = switches.left(batch, row);
          if (pcpu < 0) return;
          for (const translation of translations.of(pcpu)) tell(translation, pcpu, now.seq);
        },
      },
      end: () => {
        for (const pcpu of translations.pcpus()) {
          for (const translation of translations.of(pcpu)) tell(translation, pcpu, -1);
        }
      },
      forget: pcpu => switches.forget(pcpu),
    };
  },
});
