import { isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { arg1Of, gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { HOST } from '../../state/p2m-set.js';
import { defineCheck } from '../check.js';

const ENOMEM = 12;

/** A foreign or grant mapping that is open, and the first operation that was refused meanwhile. */
interface Mapping {
  readonly mfn: number;
  readonly seq: number;
  refused?: { domid: number; view: number; gfn: number; pcpu: number; caller: number; seq: number };
}

/** A change of an entry is refused while its frame is mapped by another domain. */
export const foreignBlocks = defineCheck({
  rule: 'gfn-range.foreign-blocks',
  make: ({ state, p2ms, now, site, report, opportunities }) => {
    const writes = opportunities('write');
    /** By who maps it, and as what. */
    const open = new Map<string, Mapping>();
    const byMfn = new Map<number, Set<Mapping>>();

    /** Mappings that no later event could name are left out. */
    const grantKey = (batch: ReplayBatch, row: number) => {
      const handle = arg1Of(batch, row);
      const domid = state.grants.mapperOf(batch, row);
      return domid < 0 || Number.isNaN(handle) ? undefined : `grant ${domid} ${handle}`;
    };

    const map = (key: string | undefined, batch: ReplayBatch, row: number) => {
      const mfn = mfnOf(batch, row);
      if (key === undefined || mfn < 0 || hasFailed(batch, row)) return;
      const mapping = { mfn, seq: now.seq };
      open.set(key, mapping);
      byMfn.set(mfn, (byMfn.get(mfn) ?? new Set()).add(mapping));
    };

    const unmap = (key: string | undefined, batch: ReplayBatch, row: number) => {
      const mapping = key === undefined || hasFailed(batch, row) ? undefined : open.get(key);
      if (key === undefined || mapping === undefined) return;
      open.delete(key);
      const left = byMfn.get(mapping.mfn);
      left?.delete(mapping);
      if (left?.size === 0) byMfn.delete(mapping.mfn);
      tell(mapping, now.seq);
    };

    /** `isOfMfn`: the operation is about the frame that it names, not about the one that the entry has. */
    const judge = (batch: ReplayBatch, row: number, isOfMfn: boolean) => {
      if (byMfn.size === 0) return;
      const { columns: c, validity: v } = batch;
      const gfn = gfnOf(batch, row);
      const named = isOfMfn ? mfnOf(batch, row) : -1;
      const table = p2ms.find(c.domid[row], isOfMfn ? HOST : c.view[row]);
      const mfn = named >= 0 ? named : table?.find(gfn) ? table.foundMfn(gfn) : -1;
      const mapping = byMfn.get(mfn)?.values().next().value;
      if (mapping === undefined) return;
      writes.count();
      // With not enough memory nobody is in its way.
      const isOutOfMemory = isValid(v.rc, row) && c.rc[row] === -ENOMEM;
      if (!hasFailed(batch, row) || isOutOfMemory || mapping.refused !== undefined) return;
      const { pcpu, seq } = now;
      mapping.refused = { domid: c.domid[row], view: c.view[row], gfn, pcpu, caller: site(), seq };
    };
    const judgeMfn = (batch: ReplayBatch, row: number) => judge(batch, row, true);

    const tell = ({ mfn, seq, refused }: Mapping, unmapped: number) => {
      if (refused === undefined) return;
      const { seq: refusedSeq, ...columns } = refused;
      report({ confidence: 'likely', ...columns, mfn, at: { mapped: seq, refused: refusedSeq, unmapped } });
    };

    return {
      before: {
        foreign_map: (batch, row) => map(foreignKey(batch, row), batch, row),
        foreign_unmap: (batch, row) => unmap(foreignKey(batch, row), batch, row),
        grant_map: (batch, row) => map(grantKey(batch, row), batch, row),
        grant_unmap: (batch, row) => unmap(grantKey(batch, row), batch, row),
        set_entry: (batch, row) => judge(batch, row, false),
        page_nominate: judgeMfn,
        page_evict: judgeMfn,
        share_nominate: judgeMfn,
      },
      end: () => {
        for (const mapping of open.values()) tell(mapping, -1);
      },
      forget: () => {
        open.clear();
        byMfn.clear();
      },
    };
  },
});

const foreignKey = (batch: ReplayBatch, row: number): string =>
  `foreign ${batch.columns.domid[row]} ${gfnOf(batch, row)}`;
