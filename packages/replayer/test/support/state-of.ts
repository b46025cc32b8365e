import { BatchMemory, type TraceReader } from '@p2mtrace/trace-format';
import {
  contextRows,
  divergenceRows,
  grantRows,
  linuxRows,
  loadState,
  lockRows,
  lossRows,
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
import { expectSameFields } from './same-fields.js';
import { traceMaker } from './trace-of.js';

/** Every table of the state, as rows; the replay must stay where it is. */
export function rowsOf(replayer: Replayer, reader: TraceReader) {
  const { names } = reader;
  return {
    p2m: [...p2mRows(replayer, names)],
    /** Made when it is looked at: 1G has 262,144 rows. */
    get m2p() {
      return [...m2pRows(replayer, names)];
    },
    pages: [...pageRows(replayer)],
    locks: [...lockRows(replayer, reader)],
    contexts: [...contextRows(replayer, names)],
    views: [...viewRows(replayer, names)],
    pod: [...podRows(replayer)],
    paging: [...pagingRows(replayer)],
    sharing: [...sharingRows(replayer)],
    grants: [...grantRows(replayer)],
    tlb: [...tlbRows(replayer, names)],
    linux: [...linuxRows(replayer)],
    divergences: [...divergenceRows(replayer, names)],
    losses: [...lossRows(replayer)],
    outOfRange: replayer.outOfRange,
    layout: {
      layout: replayer.layoutDoubt.layout,
      counts: replayer.layoutDoubt.counts,
      fitting: replayer.layoutDoubt.fitting(),
    },
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
    const end = replayed(reader, 0, new Replayer(reader));
    for (let middle = 1; middle < events.length; middle++) {
      const first = replayed(reader, 0, new Replayer(reader), middle);
      const second = new Replayer(reader);
      loadState(second, new Map([...saveState(first)].map(([name, array]) => [name, array.slice()])));
      expectSameFields(replayed(reader, middle, second), end);
    }
    return rowsOf(end, reader);
  };
}

function replayed(reader: TraceReader, from: number, replayer: Replayer, to = reader.rows): Replayer {
  const [info] = reader.batches;
  replayer.apply(reader.read(info, STATE_COLUMNS, new BatchMemory()), from, to);
  return replayer;
}

/** The header of a trace whose page_info has that layout (docs/format.md#page_info-layouts); goes before all events. */
export const layout = (name: string) => ({ p2mtrace: 1, layout: name });

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

/** The host's entries of domain 1 by gfn: what is there, and of which type. */
export function hostOf({ p2m }: StateRows): Record<number, readonly [number | null, string]> {
  return Object.fromEntries(
    p2m.filter(row => row.view === 'host').map(row => [row.gfn, [row.mfn, row.p2m_type] as const]),
  );
}
