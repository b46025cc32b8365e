import type { Handler, Handlers } from '../../batch/handlers.js';
import type { ReplayBatch } from '../../batch/replay-batch.js';
import { arg0Of, gfnOf, hasFailed, mfnOf } from '../../batch/row-values.js';
import { HOST } from '../../state/p2m-set.js';
import type { Breach } from '../breach-facts.js';
import type { Check } from '../check.js';
import type { CheckScope, MakeCheck } from '../check-scope.js';

/** altp2m-sharing.remap-lost: propagation writes the host's frame over a remapped gfn, and nobody remaps it (X§6). */
export const remapLost: MakeCheck = scope => new RemapLost(scope);

class RemapLost implements Check {
  private readonly scope: CheckScope;
  /** By domain, view and gfn, as text: the last remap, and what was made of it. */
  private readonly remaps = new Map<string, number>();
  private readonly lost = new Map<string, Breach>();

  readonly before: Handlers;

  constructor(scope: CheckScope) {
    this.scope = scope;
    const set_entry: Handler = (batch, row) => {
      if (this.remaps.size > 0 && batch.columns.view[row] !== HOST && !hasFailed(batch, row)) this.write(batch, row);
    };
    this.before = scope.records('remap') ? { set_entry } : {};
  }

  readonly after = {
    remap: (batch: ReplayBatch, row: number) => {
      if (hasFailed(batch, row)) return;
      const name = nameOf(batch, row);
      this.lost.delete(name);
      if (Number.isNaN(arg0Of(batch, row))) this.remaps.delete(name);
      else this.remaps.set(name, this.scope.now.seq);
    },
    view_create: (batch: ReplayBatch, row: number) => this.forgetView(batch, row),
    view_reset: (batch: ReplayBatch, row: number) => this.forgetView(batch, row),
    view_destroy: (batch: ReplayBatch, row: number) => this.forgetView(batch, row),
  };

  private write(batch: ReplayBatch, row: number): void {
    const { now, p2ms } = this.scope;
    const { domid, view, order, p2m_type } = batch.columns;
    const gfn = gfnOf(batch, row);
    const name = nameOf(batch, row);
    const remapped = this.remaps.get(name);
    const table = p2ms.find(domid[row], view[row]);
    const host = p2ms.find(domid[row], HOST);
    if (remapped === undefined || order[row] !== 0 || !table?.find(gfn) || !host?.find(gfn)) return;
    const mfn = table.foundMfn(gfn);
    const written = mfnOf(batch, row);
    if (written === mfn) return;
    this.remaps.delete(name);
    if (written !== host.foundMfn(gfn) || !(host.foundSeq > remapped)) return;
    this.lost.set(name, {
      breach: 'remap-lost',
      domid: domid[row],
      view: view[row],
      gfn,
      mfn,
      p2m_type: p2m_type[row],
      pcpu: now.pcpu,
      caller: this.scope.state.facts?.site() ?? -1,
      at: [remapped, host.foundSeq, now.seq],
    });
  }

  private forgetView({ columns }: ReplayBatch, row: number): void {
    this.forgetNames(`${columns.domid[row]} ${columns.view[row]} `);
  }

  private forgetNames(prefix: string): void {
    for (const map of [this.remaps, this.lost]) {
      for (const name of map.keys()) if (name.startsWith(prefix)) map.delete(name);
    }
  }

  readonly end = (): void => {
    for (const breach of this.lost.values()) this.scope.report(breach);
  };

  readonly forget = (): void => {
    this.remaps.clear();
    this.lost.clear();
  };

  readonly forgetDomain = (domid: number): void => this.forgetNames(`${domid} `);
}

function nameOf(batch: ReplayBatch, row: number): string {
  const { domid, view } = batch.columns;
  return `${domid[row]} ${view[row]} ${gfnOf(batch, row)}`;
}
