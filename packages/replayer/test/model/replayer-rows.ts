import { FLAG, LOCK_MODES, P2M_TYPES } from '@p2mtrace/trace-format';
import { divergenceRows, type Names, p2mRows, pageRows, type Replayer } from '../../src/index.js';
import { counted, hex, line, probes, type StateRows } from './rows.js';

/** A replayer's state as lines; what it shows to nobody else is taken from where it lies. */
export function replayerRows(replayer: Replayer, names: Names): StateRows {
  return {
    ...p2mTables(replayer, names),
    m2p: replayer.m2p.keys().map(mfn => {
      const value = replayer.m2p.get(mfn);
      return line(hex(mfn), value === -1 ? 'invalid' : value === -2 ? 'shared' : hex(value));
    }),
    pages: [...pageRows(replayer)].map(({ mfn, owner, state, count_info, type_info, generation }) =>
      line(hex(mfn), owner, state, hex(count_info), hex(type_info), generation),
    ),
    ...lockTables(replayer, names),
    ...memoryTables(replayer),
    ...grantTables(replayer, names),
    ...contextTables(replayer, names),
    divergences: [...divergenceRows(replayer, names)].map(({ seq, about, expected, seen }) =>
      line(seq, about, hex(expected), hex(seen)),
    ),
    outOfRange: [line(replayer.outOfRange)],
  };
}

function p2mTables(replayer: Replayer, names: Names): StateRows {
  const rows = [...p2mRows(replayer, names)];
  const tables: StateRows = { stale: [], complete: [], remaps: [], reverse: [] };
  const leaves: { mfn: bigint | null; order: number }[] = [];
  for (const table of replayer.p2ms) {
    const name = line(table.domid, names.view[table.view]);
    table.forEachLeaf(gfn => {
      leaves.push({ mfn: table.foundBase < 0 ? null : BigInt(table.foundBase), order: table.foundOrder });
      if (table.foundStale) tables.stale.push(line(name, `${hex(gfn)}/${table.foundOrder}`, table.foundStaleSince));
    });
    if (!Number.isNaN(table.completeSince)) tables.complete.push(name);
    table.remaps.forEach((gfn, at) => {
      tables.remaps.push(line(name, gfn, hex(table.remaps.data[at])));
    });
  }
  const mappings = (mfn: bigint) =>
    replayer.reverse.mappings(Number(mfn)).map(({ p2m, gfn }) => {
      const { domid, view } = replayer.p2ms[p2m];
      return line(domid, names.view[view], hex(gfn));
    });
  return {
    ...tables,
    p2m: rows.map(({ domid, view, gfn, order, mfn, p2m_type, access, set_seq }) =>
      line(domid, view, `${hex(gfn)}/${order}`, hex(mfn), p2m_type, access, set_seq),
    ),
    reverse: probes(leaves).map(mfn => line(hex(mfn), ...mappings(mfn).sort())),
  };
}

function lockTables({ locks }: Replayer, names: Names): StateRows {
  const known = (value: number | undefined) => (value === undefined || value < 0 ? undefined : value);
  return {
    locks: names.lock.flatMap((lock, index) => {
      const [owner, depth] = [known(locks.owner[index]), known(locks.depth[index])];
      return owner === undefined && depth === undefined ? [] : [line(lock, owner, depth)];
    }),
    held: Array.from({ length: locks.pcpus }, (_, pcpu) =>
      locks
        .heldBy(pcpu)
        .map(({ lock, mode, level, seq }, i) => line(pcpu, i, names.lock[lock], LOCK_MODES[mode], level || null, seq)),
    ).flat(),
    // biome-ignore lint/complexity/useLiteralKeys: private, and told in facts only
    levels: [...locks['levels']].flatMap((level, pcpu) => (level > 0 ? [line(pcpu, level)] : [])),
  };
}

function memoryTables({ pod, paging, sharing }: Replayer): StateRows {
  const tables: StateRows = { podCache: [], paging: [] };
  pod.cache.forEach((mfn, at) => {
    tables.podCache.push(line(hex(mfn), pod.cache.data[at]));
  });
  for (const domid of paging.states.domids()) {
    const states = paging.states.get(domid);
    states?.forEach((gfn, at) => {
      const [type, evicted, since] = states.data.subarray(at);
      tables.paging.push(line(domid, hex(gfn), P2M_TYPES[type], evicted === 1, since));
    });
  }
  return {
    ...tables,
    pod: [...pod.domains].map(([domid, { count, entryCount, pending, populated, reclaimed, splintered }]) =>
      line(domid, count, entryCount, pending, counted(populated), counted(reclaimed), counted(splintered)),
    ),
    rmaps: sharing.rmaps
      .frames()
      .flatMap(mfn =>
        sharing.rmaps
          .of(mfn)
          .map(({ domid, gfn, seq }) => line(hex(mfn), sharing.rmaps.isComplete(mfn), domid, gfn, seq)),
      ),
  };
}

function grantTables({ grants, foreign, tlb, linux }: Replayer, names: Names): StateRows {
  const tables: StateRows = { foreign: [], linux: [] };
  for (const domid of foreign.mappings.domids()) {
    const mappings = foreign.mappings.get(domid);
    mappings?.forEach((gfn, at) => {
      const [mfn, owner, since] = mappings.data.subarray(at);
      tables.foreign.push(line(domid, hex(gfn), hex(mfn), owner, since));
    });
  }
  for (const domid of linux.pfns.domids()) {
    const pfns = linux.pfns.get(domid);
    pfns?.forEach((pfn, at) => {
      const [mfn, bits, since] = pfns.data.subarray(at);
      tables.linux.push(line(domid, pfn, hex(mfn), (bits & FLAG.foreign) !== 0, (bits & FLAG.identity) !== 0, since));
    });
  }
  return {
    ...tables,
    grants: grants
      .all()
      .map(({ domid, owner, handle, ref, mfn, gfn, seq }) =>
        line(domid < 0 ? null : domid, owner, handle, ref, hex(mfn), hex(gfn), seq),
      ),
    grantCounts: [counted(grants.transfers), counted(grants.decreases)],
    tlb: [...tlb.deferred].map(([key, since]) => line(Math.floor(key / 0x1_0000), names.view[key % 0x1_0000], since)),
    overrides: linux.overrides
      .frames()
      .flatMap(mfn =>
        linux.overrides
          .of(mfn)
          .map(({ domid, gfn: pfn, value, seq }, i) =>
            line(hex(mfn), i, domid, pfn, Number.isNaN(value) ? 'unknown' : hex(value), seq),
          ),
      ),
  };
}

/** More than any of the traces here has. */
const PCPUS = 64;

function contextTables({ contexts }: Replayer, names: Names): StateRows {
  const vcpu = (key: number) => [Math.floor(key / 0x1_0000), key % 0x1_0000];
  return {
    running: contexts.running.flatMap((key, pcpu) => (key < 0 ? [] : [line(pcpu, ...vcpu(key))])),
    vcpuViews: [...contexts.views].map(([key, view]) => line(...vcpu(key), names.view[view])),
    outstanding: Array.from({ length: PCPUS }, (_, pcpu) =>
      contexts.translations
        .of(pcpu)
        .map(({ domid, view, gfn, mfn, seq }, i) => line(pcpu, i, domid, names.view[view], hex(gfn), hex(mfn), seq)),
    ).flat(),
  };
}
