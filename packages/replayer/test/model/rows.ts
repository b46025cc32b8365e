import { LOCK_MODES } from '@p2mtrace/trace-format';
import { divergenceRows, type Names, p2mRows, pageRows, type Replayer } from '../../src/index.js';
import type { Model } from './model.js';
import { frames } from './p2m.js';

/** A state as lines of text by table, sorted, so that two of them can be compared whoever made them. */
export type StateRows = Record<string, string[]>;

const hex = (value: bigint | number | null | undefined) =>
  value === null || value === undefined ? '-' : `0x${value.toString(16)}`;
const line = (...parts: unknown[]) => parts.map(part => part ?? '-').join(' ');
const sorted = (tables: StateRows) => {
  for (const rows of Object.values(tables)) rows.sort();
  return tables;
};

/** Lines that only one of two states has, in words; none where they agree. */
export function differences(replayer: StateRows, model: StateRows): string[] {
  const only = (a: string[], b: string[], whose: string, table: string) => {
    const others = new Set(b);
    return a
      .filter(row => !others.has(row))
      .slice(0, 8)
      .map(row => `${table}: only the ${whose} has ${row}`);
  };
  return Object.keys(model).flatMap(table => [
    ...only(replayer[table], model[table], 'replayer', table),
    ...only(model[table], replayer[table], 'model', table),
    ...(replayer[table].length === model[table].length
      ? []
      : [`${table}: ${replayer[table].length} rows, ${model[table].length} in the model`]),
  ]);
}

export function modelRows(model: Model): StateRows {
  const leaves = [...model.p2m.tables.values()].flatMap(({ domid, view, leaves: all }) =>
    [...all.values()].map(leaf => ({ domid, view, ...leaf })),
  );
  const mappings = (mfn: bigint) =>
    leaves
      .filter(leaf => leaf.mfn !== null && leaf.mfn <= mfn && mfn < leaf.mfn + frames(leaf.order))
      .map(({ domid, view, gfn, mfn: first }) => line(domid, view, hex(gfn + mfn - (first ?? 0n))));
  return sorted({
    p2m: leaves.map(({ domid, view, gfn, order, mfn, type, access, writer }) =>
      line(domid, view, `${hex(gfn)}/${order}`, hex(mfn), type, access, writer),
    ),
    m2p: [...model.p2m.m2p].map(([mfn, value]) => line(hex(mfn), typeof value === 'bigint' ? hex(value) : value)),
    reverse: probes(leaves).map(mfn => line(hex(mfn), ...mappings(mfn).sort())),
    pages: [...model.pages]
      .filter(([, page]) => isKnown(page))
      .map(([mfn, { owner, life, count_info, type_info, generation }]) =>
        line(hex(mfn), owner, life ?? 'unknown', hex(count_info), hex(type_info), generation),
      ),
    locks: [...model.locks.locks]
      .filter(([, { owner, depth }]) => owner !== undefined || depth !== undefined)
      .map(([lock, { owner, depth }]) => line(hex(lock), owner, depth)),
    held: [...model.locks.pcpus].flatMap(([pcpu, { held }]) =>
      held.map((h, i) => line(pcpu, i, hex(h.lock), h.mode, h.level || null, h.since)),
    ),
    running: [...model.contexts.running].map(([pcpu, { domid, vcpu }]) => line(pcpu, domid, vcpu)),
    outstanding: [...model.contexts.outstanding].flatMap(([pcpu, all]) =>
      all.map((t, i) => line(pcpu, i, t.domid, t.view, hex(t.gfn), hex(t.mfn), t.since)),
    ),
    divergences: model.divergences.map(({ seq, about, expected, seen }) =>
      line(seq, about, shown(expected), shown(seen)),
    ),
    outOfRange: [line(model.outOfRange)],
  });
}

export function replayerRows(replayer: Replayer, names: Names): StateRows {
  const leaves = [...p2mRows(replayer, names)];
  const mappings = (mfn: number) =>
    replayer.reverse.mappings(mfn).map(({ p2m, gfn }) => {
      const { domid, view } = replayer.p2ms[p2m];
      return line(domid, names.view[view], hex(gfn));
    });
  return sorted({
    p2m: leaves.map(({ domid, view, gfn, order, mfn, p2m_type, access, set_seq }) =>
      line(domid, view, `${hex(gfn)}/${order}`, hex(mfn), p2m_type, access, set_seq),
    ),
    m2p: [...replayer.m2p].map(([mfn, value]) =>
      line(hex(mfn), value === -1 ? 'invalid' : value === -2 ? 'shared' : hex(value)),
    ),
    reverse: probes(leaves.map(({ mfn, order }) => ({ mfn: mfn === null ? null : BigInt(mfn), order }))).map(mfn =>
      line(hex(mfn), ...mappings(Number(mfn)).sort()),
    ),
    pages: [...pageRows(replayer)].map(({ mfn, owner, state, count_info, type_info, generation }) =>
      line(hex(mfn), owner, state, hex(count_info), hex(type_info), generation),
    ),
    locks: names.lock.flatMap((lock, index) => {
      const { owner, depth } = replayer.locks;
      const [holder, deep] = [owner[index] ?? -1, depth[index] ?? -1];
      return holder < 0 && deep < 0 ? [] : [line(lock, holder < 0 ? null : holder, deep < 0 ? null : deep)];
    }),
    held: Array.from({ length: replayer.locks.pcpus }, (_, pcpu) =>
      replayer.locks
        .heldBy(pcpu)
        .map((h, i) => line(pcpu, i, names.lock[h.lock], LOCK_MODES[h.mode], h.level || null, h.seq)),
    ).flat(),
    running: replayer.running.flatMap((vcpu, pcpu) =>
      vcpu < 0 ? [] : [line(pcpu, Math.floor(vcpu / 0x1_0000), vcpu % 0x1_0000)],
    ),
    outstanding: Array.from({ length: PCPUS }, (_, pcpu) =>
      replayer.translations
        .of(pcpu)
        .map((t, i) =>
          line(pcpu, i, t.domid, names.view[t.view], hex(t.gfn), Number.isNaN(t.mfn) ? '-' : hex(t.mfn), t.seq),
        ),
    ).flat(),
    divergences: [...divergenceRows(replayer, names)].map(({ seq, about, expected, seen }) =>
      line(seq, about, shown(expected), shown(seen)),
    ),
    outOfRange: [line(replayer.outOfRange)],
  });
}

/** More than any of the traces here has. */
const PCPUS = 64;

const shown = (value: bigint | number | string | null) => (typeof value === 'string' ? value : hex(value));

/** A page of which more is known than that it was named. */
const isKnown = (page: { life?: unknown; owner?: unknown; count_info?: unknown; type_info?: unknown }) =>
  [page.life, page.owner, page.count_info, page.type_info].some(value => value !== undefined);

/** The first and last frames of leaves: where a reverse map is most likely wrong. */
function probes(leaves: readonly { mfn: bigint | null; order: number }[]): bigint[] {
  const ends = leaves.flatMap(({ mfn, order }) => (mfn === null ? [] : [mfn, mfn + frames(order) - 1n]));
  return [...new Set(ends)].sort((a, b) => Number(a - b)).slice(0, 64);
}
