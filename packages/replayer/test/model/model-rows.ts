import type { Model } from './model.js';
import { modelMechanismRows } from './model-mechanism-rows.js';
import { frames, type Leaf, leafAt, mfnAt, type P2m, typeAt, uncut } from './p2m.js';
import type { Page } from './pages.js';
import { hex, line, list, probes, type StateRows } from './rows.js';
import { isAltp2m } from './views.js';

/** The model's state as lines, under the names and with the columns of `replayerRows`. */
export function modelRows(model: Model): StateRows {
  const tables = [...model.p2m.tables.values()];
  const leaves = tables.flatMap(table =>
    [...table.leaves.values()].flatMap(leaf => uncut(table, leaf)).map(leaf => ({ table, leaf })),
  );
  return {
    p2m: leaves.map(({ table, leaf }) => p2mLine(table, leaf)),
    reverse: reverseLines(leaves),
    views: [...viewKeys(model)].flatMap(key => viewLines(model, key)),
    m2p: [...model.p2m.m2p].map(([mfn, { value, since }]) =>
      line(hex(mfn), typeof value === 'bigint' ? hex(value) : value, since),
    ),
    pages: [...model.pages].filter(([, page]) => isKnown(page)).map(([mfn, page]) => pageLine(mfn, page)),
    sharing: [...model.sharing].flatMap(([mfn, { gfns, complete }]) =>
      [...gfns].map(([key, since]) => {
        const [domid, gfn] = key.split(' ');
        return line(hex(mfn), domid, hex(BigInt(gfn)), gfns.size, complete, since);
      }),
    ),
    ...modelMechanismRows(model),
    refused: tables.flatMap(({ domid, view, refused }) =>
      [...refused].map(([gfn, type]) => line(domid, view, hex(gfn), type)),
    ),
    tornDown: [...model.p2m.tornDown].map(String),
    counted: [...model.pages].filter(([, { isCounted }]) => isCounted).map(([mfn]) => hex(mfn)),
    divergences: model.divergences.map(({ seq, about, expected, seen, last, event }) => {
      const { domid, gfn, mfn, lock, pcpu } = event;
      return line(
        seq,
        about,
        domid,
        hex(gfn),
        hex(mfn),
        lock && hex(lock),
        pcpu,
        inexact(expected),
        inexact(seen),
        last,
      );
    }),
    losses: model.losses.map(({ seq, event: { pcpu, count } }) => line(seq, pcpu, count)),
    counters: [line(model.outOfRange, model.suppressed)],
  };
}

function p2mLine(table: P2m, leaf: Leaf): string {
  const { gfn, order, mfn, access, writer } = leaf;
  return line(table.domid, table.view, `${hex(gfn)}/${order}`, hex(mfn), typeAt(table, leaf, gfn), access, writer);
}

/** Who maps the frames that a reverse map is asked about. */
function reverseLines(leaves: readonly { table: P2m; leaf: Leaf }[]): string[] {
  const found = new Map(probes(leaves.map(({ leaf }) => leaf)).map(mfn => [mfn, [] as string[]]));
  for (const { table, leaf } of leaves) {
    if (leaf.mfn === null) continue;
    const base = leaf.mfn;
    const asked = leaf.order === 0 ? [base] : [...found.keys()].filter(mfn => mfn >= base);
    for (const mfn of asked.filter(mfn => mfn < base + frames(leaf.order))) {
      found.get(mfn)?.push(line(table.domid, table.view, hex(leaf.gfn + mfn - base)));
    }
  }
  return [...found].map(([mfn, lines]) => line(hex(mfn), ...lines.sort()));
}

/** `domid view` of every altp2m view of which something is known. */
function viewKeys({ p2m, views, contexts }: Model): Set<string> {
  const withLeaves = [...p2m.tables].filter(([, { leaves }]) => leaves.size > 0).map(([key]) => key);
  const remapped = [...views.remaps.keys()].map(key => key.split(' ').slice(0, 2).join(' '));
  const used = [...contexts.views].map(([key, view]) => `${key.split(' ')[0]} ${view}`);
  const all = [...withLeaves, ...remapped, ...used, ...views.complete.keys()];
  return new Set(all.filter(key => isAltp2m(key.split(' ')[1])));
}

function viewLines(model: Model, key: string): string[] {
  const { views, contexts, p2m } = model;
  const table = p2m.tables.get(key);
  const vcpus = [...contexts.views].filter(([vcpu, view]) => `${vcpu.split(' ')[0]} ${view}` === key);
  const numbers = vcpus.map(([vcpu]) => Number(vcpu.split(' ')[1])).sort((a, b) => a - b);
  const mfn = (gfn: bigint) => {
    const leaf = table && leafAt(table, gfn);
    return hex(leaf && mfnAt(leaf, gfn));
  };
  const remaps = [...views.remaps].filter(([remap]) => remap.startsWith(`${key} `));
  const stale = [...(table?.leaves.values() ?? [])].filter(leaf => leaf.stale !== undefined);
  return [
    line(key, 'view', views.complete.has(key), list(numbers), ...['-', '-', '-', '-'], views.complete.get(key)),
    ...remaps.map(([remap, newGfn]) => {
      const gfn = BigInt(remap.split(' ')[2]);
      return line(key, 'remap', ...['-', '-'], hex(gfn), '-', mfn(gfn), hex(newGfn), '-');
    }),
    ...stale.map(({ gfn, order, stale: since }) =>
      line(key, 'stale', ...['-', '-'], hex(gfn), order, mfn(gfn), '-', since),
    ),
  ];
}

/** More is known of the page than that it was named. */
const isKnown = ({ life, owner, count_info, type_info }: Page) =>
  [life, owner, count_info, type_info].some(value => value !== undefined);

function pageLine(mfn: bigint, page: Page): string {
  const { owner, life, generation, count_info, type_info, countSince, lifeSince } = page;
  const sinces = [count_info === undefined ? null : countSince, life === undefined ? null : lifeSince];
  const last = Math.max(...sinces.map(since => since ?? -1));
  return line(
    ...[hex(mfn), owner, life ?? 'unknown', generation, hex(count_info), hex(type_info)],
    ...[sinces[0], last < 0 ? null : last],
  );
}

/** As a number: divergences are shown so. */
const inexact = (value: bigint | null) => (value === null ? '-' : hex(BigInt(Number(value))));
