import { isValid } from '@p2mtrace/trace-format';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { arg1Of, gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { HOST } from '../../state/p2m-set.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';

const ENOMEM = 12;

/** A foreign or grant mapping that is open, and the first operation that was refused meanwhile. */
interface Mapping {
  readonly mfn: number;
  readonly seq: number;
  refused?: { domid: number; view: number; gfn: number; pcpu: number; caller: number; seq: number };
}

/** gfn-range.foreign-blocks: a change of an entry is refused while its frame is mapped by another domain (mail 2). */
export const foreignBlocks: MakeCheck = scope => new ForeignBlocks(scope);

class ForeignBlocks implements Check {
  private readonly scope: CheckScope;
  /** By who maps it, and as what. */
  private readonly open = new Map<string, Mapping>();
  private readonly byMfn = new Map<number, Mapping[]>();

  constructor(scope: CheckScope) {
    this.scope = scope;
  }

  readonly before = {
    foreign_map: (batch: ReplayBatch, row: number) => this.map(foreignKey(batch, row), batch, row),
    foreign_unmap: (batch: ReplayBatch, row: number) => this.unmap(foreignKey(batch, row), batch, row),
    grant_map: (batch: ReplayBatch, row: number) => this.map(this.grantKey(batch, row), batch, row),
    grant_unmap: (batch: ReplayBatch, row: number) => this.unmap(this.grantKey(batch, row), batch, row),
    set_entry: (batch: ReplayBatch, row: number) => this.judge(batch, row, false),
    page_nominate: (batch: ReplayBatch, row: number) => this.judge(batch, row, true),
    page_evict: (batch: ReplayBatch, row: number) => this.judge(batch, row, true),
    share_nominate: (batch: ReplayBatch, row: number) => this.judge(batch, row, true),
  };

  /** Mappings that no later event could name are left out. */
  private grantKey(batch: ReplayBatch, row: number): string | undefined {
    const handle = arg1Of(batch, row);
    const domid = this.scope.state.grants.mapperOf(batch, row);
    return domid < 0 || Number.isNaN(handle) ? undefined : `grant ${domid} ${handle}`;
  }

  private map(key: string | undefined, batch: ReplayBatch, row: number): void {
    const mfn = mfnOf(batch, row);
    if (key === undefined || mfn < 0 || hasFailed(batch, row)) return;
    const mapping = { mfn, seq: this.scope.now.seq };
    this.open.set(key, mapping);
    this.byMfn.set(mfn, [...(this.byMfn.get(mfn) ?? []), mapping]);
  }

  private unmap(key: string | undefined, batch: ReplayBatch, row: number): void {
    const mapping = key === undefined || hasFailed(batch, row) ? undefined : this.open.get(key);
    if (key === undefined || mapping === undefined) return;
    this.open.delete(key);
    const left = (this.byMfn.get(mapping.mfn) ?? []).filter(other => other !== mapping);
    if (left.length > 0) this.byMfn.set(mapping.mfn, left);
    else this.byMfn.delete(mapping.mfn);
    this.report(mapping, this.scope.now.seq);
  }

  /** `isOfMfn`: the operation is about the frame that it names, not about the one that the entry has. */
  private judge(batch: ReplayBatch, row: number, isOfMfn: boolean): void {
    if (this.byMfn.size === 0 || !hasFailed(batch, row)) return;
    const { columns: c, validity: v } = batch;
    // It has not enough memory: nobody is in its way.
    if (isValid(v.rc, row) && c.rc[row] === -ENOMEM) return;
    const gfn = gfnOf(batch, row);
    const named = isOfMfn ? mfnOf(batch, row) : -1;
    const table = this.scope.p2ms.find(c.domid[row], isOfMfn ? HOST : c.view[row]);
    const mfn = named >= 0 ? named : table?.find(gfn) ? table.foundMfn(gfn) : -1;
    const mapping = this.byMfn.get(mfn)?.[0];
    if (mapping === undefined || mapping.refused !== undefined) return;
    const { now, state } = this.scope;
    const caller = state.facts?.site() ?? -1;
    mapping.refused = { domid: c.domid[row], view: c.view[row], gfn, pcpu: now.pcpu, caller, seq: now.seq };
  }

  private report({ mfn, seq, refused }: Mapping, unmapped: number): void {
    if (refused === undefined) return;
    const { seq: refusedSeq, ...columns } = refused;
    const at = [seq, refusedSeq, unmapped];
    this.scope.report({ breach: 'foreign-blocks', confidence: 'likely', ...columns, mfn, at });
  }

  readonly end = (): void => {
    for (const mapping of this.open.values()) this.report(mapping, -1);
  };

  readonly forget = (): void => {
    this.open.clear();
    this.byMfn.clear();
  };
}

const foreignKey = (batch: ReplayBatch, row: number): string =>
  `foreign ${batch.columns.domid[row]} ${gfnOf(batch, row)}`;
