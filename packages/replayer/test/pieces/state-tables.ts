import type { TraceReader } from '@p2mtrace/trace-format';
import {
  contextRows,
  divergenceRows,
  grantRows,
  linuxRows,
  lockRows,
  p2mRows,
  pageRows,
  pagingRows,
  podRows,
  type StateFilter,
  sharingRows,
  tlbRows,
  viewRows,
  type XenState,
} from '../../src/index.js';

/** Rows of every table, as text. */
export type StateTables = Record<string, string[]>;

/** How a trace's seqs are written, so that those of a piece and of the whole compare; null for before the piece. */
export type SeqMap = (seq: number) => number | null;

/** Seqs of a whole trace, for a piece that begins at `from`. */
export const ofWhole =
  (from: number): SeqMap =>
  seq =>
    seq < from ? null : seq;

/** Seqs of that piece. */
export const ofPiece = ({ metadata: { piece } }: TraceReader): SeqMap => {
  const { snapshots = 0, fromSeq = 0 } = piece ?? {};
  return seq => (seq < snapshots ? null : seq - snapshots + fromSeq);
};

/** All that can be shown of a state, and what is left to future events: reclaims under way, owners of locks, levels. */
export function stateTables(
  replayer: XenState,
  reader: TraceReader,
  seqs: SeqMap,
  filter: StateFilter = {},
): StateTables {
  const { names } = reader;
  const text = (row: object) => JSON.stringify(row, (key, value) => shown(key, value, seqs));
  const table = (rows: Iterable<object>) => Array.from(rows, text);
  const { locks } = replayer;
  return {
    p2m: table(p2mRows(replayer, names, filter)),
    views: table(viewRows(replayer, names, filter)),
    m2p: table(
      replayer.m2p.keys().map(mfn => ({ mfn, m2p: replayer.m2p.get(mfn), m2p_seq: replayer.m2p.setSeq(mfn) })),
    ),
    mapped_by: mappedBy(replayer),
    pages: table(pageRows(replayer, filter)),
    sharing: table(sharingRows(replayer, filter)),
    // Counters are of the trace's own events.
    pod: Array.from(podRows(replayer, filter), ({ populated: _p, reclaimed: _r, splintered: _s, ...row }) =>
      text({ ...row, pending: replayer.pod.domains.get(row.domid)?.pending }),
    ),
    paging: table(pagingRows(replayer, filter)),
    // Of grants that were there before a piece nobody knows the order.
    grants: table(grantRows(replayer, filter)).sort(),
    linux: table(linuxRows(replayer, filter)),
    tlb: table(tlbRows(replayer, names, filter)),
    contexts: table(contextRows(replayer, names, filter)),
    vcpu_views: [...replayer.contexts.views].map(entry => entry.join(' ')).sort(),
    locks: table(lockRows(replayer, reader)),
    lock_owners: names.lock.flatMap((lock, i) => {
      const [owner = -1, depth = -1] = [locks.owner[i], locks.depth[i]];
      return owner < 0 && depth < 0 ? [] : [`${lock} ${owner} ${depth} ${owner < 0 ? '' : locks.savedLevel(i)}`];
    }),
    levels: Array.from({ length: locks.pcpus }, (_, pcpu) => locks.level(pcpu)).flatMap((level, pcpu) =>
      level > 0 ? [`${pcpu} ${level}`] : [],
    ),
  };
}

/** What maps the first and the last frame of each leaf, in no order of its own: rows of superpages would be too many. */
function mappedBy({ p2ms, reverse }: XenState): string[] {
  const mfns = new Set<number>();
  for (const table of p2ms) {
    table.forEachLeaf(() => {
      if (table.foundBase >= 0) mfns.add(table.foundBase).add(table.foundBase + 2 ** table.foundOrder - 1);
    });
  }
  return [...mfns]
    .map(mfn => {
      const mappings = reverse.mappings(mfn).map(({ p2m, gfn }) => `${p2ms[p2m].domid} ${p2ms[p2m].view} ${gfn}`);
      return `${mfn}: ${mappings.sort().join(', ')}`;
    })
    .sort();
}

/** Divergences from an event on. */
export function divergencesSince(replayer: XenState, reader: TraceReader, seqs: SeqMap): string[] {
  return [...divergenceRows(replayer, reader.names)]
    .filter(({ seq }) => seqs(seq) !== null)
    .map(row => JSON.stringify(row, (key, value) => shown(key, value, seqs)));
}

function shown(key: string, value: unknown, seqs: SeqMap): unknown {
  if (typeof value === 'bigint') return `0x${value.toString(16)}`;
  const isSeq = key === 'seq' || key === 'deferred_since' || key.endsWith('_seq');
  return isSeq && typeof value === 'number' ? seqs(value) : value;
}

/** Which rows only one of two states has, table by table. */
export function tableDifferences(piece: StateTables, whole: StateTables): string[] {
  return Object.keys(whole).flatMap(name => {
    if (piece[name].join('\n') === whole[name].join('\n')) return [];
    const only = (mine: readonly string[], others: readonly string[], whose: string) => {
      const known = new Set(others);
      return mine.filter(row => !known.has(row)).map(row => `${name}: only the ${whose} has ${row}`);
    };
    const found = [
      ...only(piece[name], whole[name], 'piece').slice(0, 5),
      ...only(whole[name], piece[name], 'whole').slice(0, 5),
    ];
    return found.length > 0 ? found : [`${name}: the same rows in another order, or another number of them`];
  });
}
