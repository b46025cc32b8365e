import { domidOfKey, p2mKey, vcpuOfKey } from '../memory/keys.js';
import type { XenState } from '../state/xen-state.js';
import { NO_MFN, type P2mTable } from '../tables/p2m-table.js';
import { seqOrNull } from './row-nulls.js';
import { type Names, type StateFilter, selectedP2ms } from './state-rows.js';

/**
 * An altp2m view, one of its remaps, or one of its entries that is older than the host's (docs/xen.md#altp2m-views).
 */
export interface ViewRow {
  readonly domid: number;
  readonly view: string;
  readonly what: 'view' | 'remap' | 'stale';
  /** For a view: what it lacks is absent, not unknown. */
  readonly complete: boolean | null;
  /** For a view: the vcpus that use it. */
  readonly vcpus: readonly number[] | null;
  readonly gfn: number | null;
  /** For a stale entry. */
  readonly order: number | null;
  /** What the view has at the gfn, null for INVALID_MFN or unknown. */
  readonly mfn: number | null;
  readonly new_gfn: number | null;
  /** For a view: since when it is complete; for a stale entry: since when it is stale. */
  readonly since_seq: number | null;
}

/** Every known altp2m view, each followed by its remaps and its stale entries, by gfn. */
export function* viewRows(replayer: XenState, names: Names, filter: StateFilter = {}): Generator<ViewRow> {
  for (const { domid, view, table, vcpus } of knownViews(replayer, names, filter)) {
    const none = { complete: null, vcpus: null, gfn: null, order: null, mfn: null, new_gfn: null, since_seq: null };
    const of = { domid, view };
    const since = table?.completeSince ?? Number.NaN;
    yield { ...of, ...none, what: 'view', complete: !Number.isNaN(since), vcpus, since_seq: seqOrNull(since) };
    if (table === undefined) continue;
    const remaps: (readonly [number, number])[] = [];
    table.remaps.forEach((gfn, target) => {
      remaps.push([gfn, target]);
    });
    for (const [gfn, new_gfn] of remaps) {
      yield { ...of, ...none, what: 'remap', gfn, mfn: mfnAt(table, gfn), new_gfn };
    }
    for (const { gfn, order, since } of staleLeaves(table)) {
      yield { ...of, ...none, what: 'stale', gfn, order, mfn: mfnAt(table, gfn), since_seq: seqOrNull(since) };
    }
  }
}

interface KnownView {
  readonly domid: number;
  readonly view: string;
  /** undefined if only vcpus that use it are known. */
  readonly table: P2mTable | undefined;
  readonly vcpus: number[];
}

/** By domain, in the order of the views' names. */
function knownViews(replayer: XenState, names: Names, filter: StateFilter): KnownView[] {
  const views = new Map<number, KnownView>();
  for (const { table, view } of selectedP2ms(replayer, names, filter)) {
    views.set(p2mKey(table.domid, table.view), { domid: table.domid, view, table, vcpus: [] });
  }
  for (const [vcpu, index] of replayer.contexts.views) {
    const [domid, view] = [domidOfKey(vcpu), names.view[index] ?? String(index)];
    if (filter.domid !== undefined && filter.domid !== domid) continue;
    if (filter.view !== undefined && filter.view !== view) continue;
    const key = p2mKey(domid, index);
    const known = views.get(key) ?? { domid, view, table: undefined, vcpus: [] };
    known.vcpus.push(vcpuOfKey(vcpu));
    known.vcpus.sort((a, b) => a - b);
    views.set(key, known);
  }
  return [...views]
    .sort(([a], [b]) => a - b)
    .map(([, known]) => known)
    .filter(({ view, table, vcpus }) => view.startsWith('altp2m:') && (vcpus.length > 0 || isKnown(table)));
}

const isKnown = (table: P2mTable | undefined): boolean =>
  table !== undefined && (!Number.isNaN(table.completeSince) || !table.isEmpty);

function mfnAt(table: P2mTable, gfn: number): number | null {
  if (!table.find(gfn)) return null;
  const mfn = table.foundMfn(gfn);
  return mfn === NO_MFN ? null : mfn;
}

function staleLeaves(table: P2mTable) {
  const leaves: { gfn: number; order: number; since: number }[] = [];
  table.forEachLeaf(gfn => {
    if (table.foundStale) leaves.push({ gfn, order: table.foundOrder, since: table.foundStaleSince });
  });
  return leaves;
}
