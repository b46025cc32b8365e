import type { Model } from './model.js';
import { frames, type Leaf, type P2m, parts, typeAt } from './p2m.js';
import type { Page } from './pages.js';
import { counted, hex, line, probes, type StateRows } from './rows.js';

/** The model's state as lines. */
export function modelRows(model: Model): StateRows {
  const leaves = [...model.p2m.tables.values()].flatMap(table =>
    [...table.leaves.values()].map(leaf => ({ table, leaf })),
  );
  return {
    p2m: leaves.flatMap(({ table, leaf }) => p2mLines(table, leaf)),
    stale: leaves.flatMap(({ table: { domid, view }, leaf }) =>
      leaf.stale === undefined ? [] : [line(domid, view, `${hex(leaf.gfn)}/${leaf.order}`, leaf.stale)],
    ),
    reverse: probes(leaves.map(({ leaf }) => leaf)).map(mfn => line(hex(mfn), ...mappings(leaves, mfn).sort())),
    complete: [...model.views.complete],
    remaps: [...model.views.remaps].map(([key, gfn]) => line(key, hex(gfn))),
    m2p: [...model.p2m.m2p].map(([mfn, value]) => line(hex(mfn), typeof value === 'bigint' ? hex(value) : value)),
    pages: [...model.pages].filter(([, page]) => isKnown(page)).map(([mfn, page]) => pageLine(mfn, page)),
    ...lockTables(model),
    ...memoryTables(model),
    ...grantTables(model),
    ...contextTables(model),
    divergences: model.divergences.map(({ seq, about, expected, seen }) =>
      line(seq, about, inexact(expected), inexact(seen)),
    ),
    outOfRange: [line(model.outOfRange)],
  };
}

/** A leaf, in the parts that changes of types have cut it into. */
function p2mLines(table: P2m, leaf: Leaf): string[] {
  const end = leaf.gfn + frames(leaf.order);
  const isCut = table.changes.some(
    change =>
      change.seq > leaf.since &&
      change.from < end &&
      change.end > leaf.gfn &&
      (change.from > leaf.gfn || change.end < end),
  );
  if (isCut) return parts(leaf).flatMap(part => p2mLines(table, part));
  const { domid, view } = table;
  const { gfn, order, mfn, access, writer } = leaf;
  return [line(domid, view, `${hex(gfn)}/${order}`, hex(mfn), typeAt(table, leaf, gfn), access, writer)];
}

function mappings(leaves: readonly { table: P2m; leaf: Leaf }[], mfn: bigint): string[] {
  return leaves.flatMap(({ table: { domid, view }, leaf }) => {
    const offset = leaf.mfn === null ? -1n : mfn - leaf.mfn;
    return offset >= 0n && offset < frames(leaf.order) ? [line(domid, view, hex(leaf.gfn + offset))] : [];
  });
}

/** More is known of the page than that it was named. */
const isKnown = ({ life, owner, count_info, type_info }: Page) =>
  [life, owner, count_info, type_info].some(value => value !== undefined);

function pageLine(mfn: bigint, { owner, life, count_info, type_info, generation }: Page): string {
  return line(hex(mfn), owner, life ?? 'unknown', hex(count_info), hex(type_info), generation);
}

function lockTables({ locks }: Model): StateRows {
  return {
    locks: [...locks.locks]
      .filter(([, { owner, depth }]) => owner !== undefined || depth !== undefined)
      .map(([lock, { owner, depth }]) => line(hex(lock), owner, depth)),
    held: [...locks.pcpus].flatMap(([pcpu, { held }]) =>
      held.map(({ lock, mode, level, since }, i) => line(pcpu, i, hex(lock), mode, level || null, since)),
    ),
    levels: [...locks.pcpus].filter(([, { level }]) => level > 0).map(([pcpu, { level }]) => line(pcpu, level)),
  };
}

function memoryTables({ pod, paging, sharing }: Model): StateRows {
  return {
    pod: [...pod.domains].map(([domid, { count, entry_count, pending, populated, reclaimed, splintered }]) =>
      line(domid, count, entry_count, pending, counted(populated), counted(reclaimed), counted(splintered)),
    ),
    podCache: [...pod.cache].map(([mfn, domid]) => line(hex(mfn), domid)),
    paging: [...paging.values()].map(({ domid, gfn, type, evicted, since }) =>
      line(domid, hex(gfn), type, evicted, since),
    ),
    rmaps: [...sharing].flatMap(([mfn, { gfns, complete }]) =>
      [...gfns].map(([key, since]) => line(hex(mfn), complete, key, since)),
    ),
  };
}

function grantTables({ grants, tlb, linux }: Model): StateRows {
  return {
    grants: grants.open.map(({ mapper, granter, handle, ref, mfn, gfn, since }) =>
      line(mapper, granter, handle, ref, hex(mfn), hex(gfn), since),
    ),
    grantCounts: [counted(grants.transfers), counted(grants.decreases)],
    foreign: [...grants.foreign.values()].map(({ domid, gfn, mfn, owner, since }) =>
      line(domid, hex(gfn), hex(mfn), owner, since),
    ),
    tlb: [...tlb].map(([key, since]) => line(key, since)),
    linux: [...linux.p2m].map(([key, { mfn, foreign, identity, writer }]) =>
      line(key, hex(mfn), foreign, identity, writer),
    ),
    overrides: [...linux.chains].flatMap(([mfn, chain]) =>
      chain.map(({ domid, pfn, oldMfn, since }, i) =>
        line(hex(mfn), i, domid, pfn, oldMfn === undefined ? 'unknown' : hex(oldMfn), since),
      ),
    ),
  };
}

function contextTables({ contexts }: Model): StateRows {
  return {
    running: [...contexts.running].map(([pcpu, { domid, vcpu }]) => line(pcpu, domid, vcpu)),
    vcpuViews: [...contexts.views].map(([key, view]) => line(key, view)),
    outstanding: [...contexts.outstanding].flatMap(([pcpu, all]) =>
      all.map(({ domid, view, gfn, mfn, since }, i) => line(pcpu, i, domid, view, hex(gfn), hex(mfn), since)),
    ),
  };
}

/** As a number: divergences are shown so. */
const inexact = (value: bigint | null) => (value === null ? '-' : hex(BigInt(Number(value))));
