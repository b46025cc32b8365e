import { ACCESS_TYPES, DOMID_COW, FLAG, hex, P2M_TYPES, type TraceReader } from '@p2mtrace/trace-format';
import { type LockRow, lockRows, m2pRows, type PageRow, pageRows, type XenState } from '../../src/index.js';
import type { DomainFrames } from '../../src/memory/domain-frames.js';
import type { FrameRecords } from '../../src/memory/frame-records.js';
import { FOREIGN_MFN, FOREIGN_OWNER } from '../../src/state/foreign-state.js';
import { LINUX_BITS, LINUX_MFN } from '../../src/state/linux-state.js';
import { PAGING_TYPE } from '../../src/state/paging-state.js';
import type { P2mTable } from '../../src/tables/p2m-table.js';

/** More than the traces of samples/mails have. */
const PCPUS = 4;

type Table = Record<string, unknown>;

/** A state in the words of samples/mails/README.md, table by table. */
export function stateText(replayer: XenState, reader: TraceReader): Record<string, Table> {
  const view = (index: number) => reader.names.view[index];
  const ofP2m = (table: P2mTable) => `d${table.domid} ${view(table.view)}`;
  const rows = [...m2pRows(replayer, reader.names)];
  const { linux, sharing, contexts } = replayer;
  return {
    p2m: tables(replayer.p2ms.map(table => [ofP2m(table), entries(table)])),
    remaps: tables(replayer.p2ms.map(table => [ofP2m(table), remapsOf(table)])),
    m2p: tables(rows.map(({ mfn, m2p }) => [hex(mfn), typeof m2p === 'number' ? hex(m2p) : (m2p ?? '')])),
    mapped_by: lists(
      rows
        .map((row): [string, string[]] => [
          hex(row.mfn),
          row.gfn === null ? [] : [`d${row.domid} ${row.view} ${hex(row.gfn)}`],
        ])
        .sort(),
    ),
    pages: tables([...pageRows(replayer)].map(row => [hex(row.mfn), pageText(row)])),
    rmap: tables(
      sharing.rmaps.frames().map(mfn => {
        const members = sharing.rmaps.of(mfn).map(({ domid, gfn }) => `d${domid} ${hex(gfn)}`);
        return [hex(mfn), `${sharing.rmaps.isComplete(mfn) ? 'complete' : 'at least'}: ${members.sort().join(', ')}`];
      }),
    ),
    locks: lists([...lockRows(replayer, reader)].map(row => [`pcpu ${row.pcpu}`, [lockText(row)]])),
    translations: lists(
      Array.from({ length: PCPUS }, (_, pcpu) => [
        `pcpu ${pcpu}`,
        contexts.translations.of(pcpu).map(t => `d${t.domid} ${view(t.view)} ${hex(t.gfn)} -> ${frame(t.mfn)}`),
      ]),
    ),
    foreign: domains(replayer.foreign.mappings, (data, at) => {
      return `${frame(data[at + FOREIGN_MFN])} of d${data[at + FOREIGN_OWNER]}`;
    }),
    paging: domains(replayer.paging.states, (data, at) => P2M_TYPES[data[at + PAGING_TYPE]]),
    linux: domains(linux.pfns, (data, at) => {
      return `${frame(data[at + LINUX_MFN])}${(data[at + LINUX_BITS] & FLAG.foreign) === 0 ? '' : ' foreign'}`;
    }),
    overrides: lists(
      linux.overrides
        .frames()
        .map(mfn => [
          hex(mfn),
          linux.overrides.of(mfn).map(({ domid, gfn, value }) => `d${domid} ${hex(gfn)}, before ${frame(value)}`),
        ]),
    ),
  };
}

/** Leaves of a p2m; those of 4K that go on in gfn and mfn, and are the same otherwise, as one line. */
function entries(table: P2mTable): Table {
  const runs: { first: number; last: number; mfn: number; order: number; text: string }[] = [];
  const leaves: number[] = [];
  table.forEachLeaf(gfn => leaves.push(gfn));
  for (const gfn of leaves) {
    table.find(gfn);
    const { foundOrder: order, foundBase: mfn } = table;
    const access = ACCESS_TYPES[table.foundAccess] ?? '';
    const stale = table.foundStale ? `, stale since #${table.foundStaleSince}` : '';
    const text = `${P2M_TYPES[table.typeAt(gfn)]} ${access}`.trimEnd() + stale;
    const run = runs.at(-1);
    const goesOn = run !== undefined && order === 0 && run.order === 0 && run.last + 1 === gfn && run.text === text;
    if (goesOn && (mfn < 0 ? run.mfn < 0 : run.mfn + (gfn - run.first) === mfn)) run.last = gfn;
    else runs.push({ first: gfn, last: gfn, mfn, order, text });
  }
  return Object.fromEntries(
    runs.map(({ first, last, mfn, order, text }) => {
      const size = order === 0 ? '' : order === 9 ? ' 2M' : ' 1G';
      return [`${hex(first)}${first === last ? size : `-${hex(last)}`}`, `${frame(mfn)} ${text}`];
    }),
  );
}

function pageText(row: PageRow): string {
  const flags = (names: readonly string[] | null) => (names?.length ? ` (${[...names].sort().join(' ')})` : '');
  const parts = [
    ...(row.state === 'free' ? ['free'] : []),
    ...(row.owner === null ? [] : [row.owner === DOMID_COW ? 'dom_cow' : `d${row.owner}`]),
    ...(row.count === null ? [] : [`count ${row.count}${flags(row.count_flags)}`]),
    ...(row.type === null ? [] : [`${row.type} ${row.type_count}${flags(row.type_flags)}`]),
    ...(row.state === 'allocated' && row.generation > 1 ? [`generation ${row.generation}`] : []),
  ];
  return parts.join(', ');
}

function lockText({ class: name, lock, mode, level, depth }: LockRow): string {
  return `${name} ${lock} ${mode}${level === null ? '' : `, level ${level}`}${depth === null ? '' : `, depth ${depth}`}`;
}

const frame = (mfn: number) => (mfn >= 0 ? hex(mfn) : '-');

/** Without what is empty. */
function tables(rows: readonly (readonly [string, unknown])[]): Table {
  return Object.fromEntries(
    rows.filter(([, value]) => value !== '' && (typeof value !== 'object' || Object.keys(value ?? {}).length > 0)),
  );
}

function lists(rows: readonly (readonly [string, readonly string[]])[]): Table {
  const all: Record<string, string[]> = {};
  for (const [name, list] of rows) if (list.length > 0) all[name] = [...(all[name] ?? []), ...list];
  return all;
}

type Show = (data: Float64Array, at: number) => string;

function remapsOf({ remaps }: P2mTable): Table {
  const table: Table = {};
  remaps.forEach((gfn, target) => {
    table[hex(gfn)] = hex(target);
  });
  return table;
}

function frames(records: FrameRecords, show: Show): Table {
  const table: Table = {};
  records.forEach((gfn, at) => {
    table[hex(gfn)] = show(records.data, at);
  });
  return table;
}

function domains(records: DomainFrames, show: Show): Table {
  return tables(records.domids().map(domid => [`d${domid}`, frames(records.of(domid), show)]));
}
