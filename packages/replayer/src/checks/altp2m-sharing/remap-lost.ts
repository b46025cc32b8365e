import type { ReplayBatch } from '../../batch/replay-batch.js';
import { arg0Of, gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { HOST } from '../../state/p2m-set.js';
import type { Breach } from '../breach-facts.js';
import { defineCheck } from '../check.js';

/** Propagation writes the host's frame over a remapped gfn, and nobody remaps it. */
export const remapLost = defineCheck({
  rule: 'altp2m-sharing.remap-lost',
  ifRecorded: ['remap'],
  make: ({ p2ms, now, site, report, opportunities }) => {
    const writes = opportunities('propagate');
    /** By domain, view and gfn, as text: the last remap, and what was made of it. */
    const remaps = new Map<string, number>();
    const lost = new Map<string, Breach<'altp2m-sharing.remap-lost'>>();

    const write = (batch: ReplayBatch, row: number) => {
      const { domid, view, order, p2m_type } = batch.columns;
      const gfn = gfnOf(batch, row);
      const name = nameOf(batch, row);
      const remap = remaps.get(name);
      const table = p2ms.find(domid[row], view[row]);
      const host = p2ms.find(domid[row], HOST);
      if (remap === undefined || order[row] !== 0 || !table?.find(gfn) || !host?.find(gfn)) return;
      writes.count();
      const mfn = table.foundMfn(gfn);
      const written = mfnOf(batch, row);
      if (written === mfn) return;
      remaps.delete(name);
      if (written !== host.foundMfn(gfn) || !(host.foundSeq > remap)) return;
      lost.set(name, {
        domid: domid[row],
        view: view[row],
        gfn,
        mfn,
        p2m_type: p2m_type[row],
        pcpu: now.pcpu,
        caller: site(),
        at: { remap, host_changed: host.foundSeq, overwritten: now.seq },
      });
    };

    const forgetNames = (prefix: string) => {
      for (const map of [remaps, lost]) {
        for (const name of map.keys()) if (name.startsWith(prefix)) map.delete(name);
      }
    };
    const forgetView = ({ columns }: ReplayBatch, row: number) =>
      forgetNames(`${columns.domid[row]} ${columns.view[row]} `);

    return {
      before: {
        set_entry: (batch, row) => {
          if (remaps.size > 0 && batch.columns.view[row] !== HOST && !hasFailed(batch, row)) write(batch, row);
        },
      },
      after: {
        remap: (batch, row) => {
          if (hasFailed(batch, row)) return;
          const name = nameOf(batch, row);
          lost.delete(name);
          if (Number.isNaN(arg0Of(batch, row))) remaps.delete(name);
          else remaps.set(name, now.seq);
        },
        view_create: forgetView,
        view_reset: forgetView,
        view_destroy: forgetView,
      },
      end: () => {
        for (const breach of lost.values()) report(breach);
      },
      forget: () => {
        remaps.clear();
        lost.clear();
      },
      forgetDomain: domid => forgetNames(`${domid} `),
    };
  },
});

function nameOf(batch: ReplayBatch, row: number): string {
  const { domid, view } = batch.columns;
  return `${domid[row]} ${view[row]} ${gfnOf(batch, row)}`;
}
