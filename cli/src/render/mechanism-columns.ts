import type {
  contextRows,
  grantRows,
  linuxRows,
  pagingRows,
  podRows,
  sharingRows,
  tlbRows,
  viewRows,
} from '@p2mtrace/replayer';
import { frame, type RowOf, type Show } from './shown.js';

export const CONTEXTS: readonly Show<RowOf<typeof contextRows>>[] = [
  ['pcpu', row => row.pcpu],
  ['domid', row => row.domid],
  ['vcpu', row => row.vcpu],
  ['view', row => row.view],
  ['locks', row => row.locks.map(({ lock, mode, since_seq }) => `${lock}:${mode}#${since_seq}`)],
  ['translations', row => row.translations.map(translationText)],
];

/** `d1/host:0x10=0x100#12`: domain, view, gfn, mfn and lookup. */
function translationText({ domid, view, gfn, mfn, since_seq }: RowOf<typeof contextRows>['translations'][number]) {
  return `d${domid}/${view}:${frame(gfn)}=${frame(mfn) ?? 'none'}${since_seq === null ? '' : `#${since_seq}`}`;
}

export const VIEWS: readonly Show<RowOf<typeof viewRows>>[] = [
  ['domid', row => row.domid],
  ['view', row => row.view],
  ['what', row => row.what],
  ['complete', row => row.complete],
  ['vcpus', row => row.vcpus?.map(String) ?? null],
  ['gfn', row => frame(row.gfn)],
  ['order', row => row.order],
  ['mfn', row => frame(row.mfn)],
  ['new_gfn', row => frame(row.new_gfn)],
  ['since_seq', row => row.since_seq, 'right'],
];

export const POD: readonly Show<RowOf<typeof podRows>>[] = [
  ['domid', row => row.domid],
  ['count', row => row.count, 'right'],
  ['entry_count', row => row.entry_count, 'right'],
  ['cached', row => row.cached, 'right'],
  ['populated', row => row.populated],
  ['reclaimed', row => row.reclaimed],
  ['splintered', row => row.splintered],
];

export const PAGING: readonly Show<RowOf<typeof pagingRows>>[] = [
  ['domid', row => row.domid],
  ['gfn', row => frame(row.gfn)],
  ['p2m_type', row => row.p2m_type],
  ['evicted', row => row.evicted],
  ['last_seq', row => row.last_seq, 'right'],
];

export const SHARING: readonly Show<RowOf<typeof sharingRows>>[] = [
  ['mfn', row => frame(row.mfn)],
  ['domid', row => row.domid],
  ['gfn', row => frame(row.gfn)],
  ['rmap_count', row => row.rmap_count, 'right'],
  ['complete', row => row.complete],
  ['since_seq', row => row.since_seq, 'right'],
];

export const GRANTS: readonly Show<RowOf<typeof grantRows>>[] = [
  ['kind', row => row.kind],
  ['domid', row => row.domid],
  ['owner', row => row.owner],
  ['mfn', row => frame(row.mfn)],
  ['gfn', row => frame(row.gfn)],
  ['ref', row => row.ref],
  ['handle', row => row.handle],
  ['flags', row => row.flags],
  ['since_seq', row => row.since_seq, 'right'],
];

export const TLB: readonly Show<RowOf<typeof tlbRows>>[] = [
  ['domid', row => row.domid],
  ['view', row => row.view],
  ['deferred_since', row => row.deferred_since, 'right'],
];

export const LINUX: readonly Show<RowOf<typeof linuxRows>>[] = [
  ['domid', row => row.domid],
  ['what', row => row.what],
  ['pfn', row => frame(row.pfn)],
  ['mfn', row => frame(row.mfn)],
  ['bits', row => row.bits],
  ['old_mfn', row => frame(row.old_mfn)],
  ['place', row => row.place],
  ['since_seq', row => row.since_seq, 'right'],
];
