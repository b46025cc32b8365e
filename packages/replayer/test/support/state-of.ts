import { BatchMemory, type TraceReader } from '@p2mtrace/trace-format';
import { expect } from 'vitest';
import {
  contextRows,
  divergenceRows,
  grantRows,
  linuxRows,
  loadState,
  m2pRows,
  p2mRows,
  pageRows,
  pagingRows,
  podRows,
  Replayer,
  STATE_COLUMNS,
  saveState,
  sharingRows,
  tlbRows,
  viewRows,
} from '../../src/index.js';
import { traceMaker } from './trace-of.js';

/** Every table of the state, as rows. */
export function rowsOf(replayer: Replayer, { names }: TraceReader) {
  return {
    p2m: [...p2mRows(replayer, names)],
    m2p: [...m2pRows(replayer, names)],
    pages: [...pageRows(replayer)],
    contexts: [...contextRows(replayer, names)],
    views: [...viewRows(replayer, names)],
    pod: [...podRows(replayer)],
    paging: [...pagingRows(replayer)],
    sharing: [...sharingRows(replayer)],
    grants: [...grantRows(replayer)],
    tlb: [...tlbRows(replayer, names)],
    linux: [...linuxRows(replayer)],
    divergences: [...divergenceRows(replayer, names)],
    outOfRange: replayer.outOfRange,
  };
}
export type StateRows = ReturnType<typeof rowsOf>;

/**
 * Replays hand-made events to their end. Wherever the replay is interrupted, saved, loaded by another replayer and
 * continued there, the end must be the same.
 */
export function stateMaker(): (...events: readonly object[]) => Promise<StateRows> {
  const traceOf = traceMaker();
  return async (...events) => {
    const reader = await traceOf(events);
    const end = rowsOf(replayed(reader, 0, new Replayer(reader)), reader);
    for (let middle = 1; middle < events.length; middle++) {
      const first = replayed(reader, 0, new Replayer(reader), middle);
      const second = new Replayer(reader);
      loadState(second, new Map([...saveState(first)].map(([name, array]) => [name, array.slice()])));
      expect(rowsOf(replayed(reader, middle, second), reader)).toEqual(end);
    }
    return end;
  };
}

function replayed(reader: TraceReader, from: number, replayer: Replayer, to = reader.rows): Replayer {
  const [info] = reader.batches;
  replayer.apply(reader.read(info, STATE_COLUMNS, new BatchMemory()), from, to);
  return replayer;
}

/** What an entry event has where a test says nothing else. */
export const entry = (gfn: number, mfn: number | null, p2m_type = 'ram_rw', more: object = {}) => ({
  kind: 'set_entry',
  domid: 1,
  gfn,
  order: 0,
  p2m_type,
  ...(mfn === null ? {} : { mfn }),
  ...more,
});

/** The host's entries of domain 1 as `gfn: [mfn, type]`, leaves of order 0. */
export function hostOf({ p2m }: StateRows): Record<number, readonly [number | null, string]> {
  return Object.fromEntries(
    p2m.filter(row => row.view === 'host').map(row => [row.gfn, [row.mfn, row.p2m_type] as const]),
  );
}
