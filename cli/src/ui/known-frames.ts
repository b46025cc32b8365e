import { setImmediate } from 'node:timers/promises';
import { BatchMemory, getU53, isValid, KIND, type KindName, P2M_TYPES, type TraceReader } from '@p2mtrace/trace-format';
import { PAGE_KINDS } from './page-kinds.js';

/** What tells of an entry of a p2m, and of the page_info of a frame. */
const OF_ENTRIES: readonly KindName[] = ['lookup', 'set_entry', 'snapshot_translation'];
const OF_PAGES: readonly KindName[] = [...PAGE_KINDS, 'snapshot'];
const [ENTRY, PAGE] = [1, 2];
const ABOUT = Uint8Array.from({ length: 256 }, (_, kind) => {
  const is = (names: readonly KindName[]) => names.some(name => KIND[name] === kind);
  return is(OF_ENTRIES) ? ENTRY : is(OF_PAGES) ? PAGE : 0;
});
const HOLES: ReadonlySet<number> = new Set(['invalid', 'mmio_dm'].map(name => P2M_TYPES.indexOf(name as 'invalid')));
/** Larger ones are no frames of any machine: INVALID_MFN. */
const FRAMES = 2 ** 52;
/** Of the largest entry. */
const MOST_ORDER = 28;

interface KnownSpace {
  /** null for the machine's frames. */
  readonly domid: number | null;
  /** Index in the names of views. */
  readonly view: number;
  /** One after the last frame. */
  readonly end: number;
}

export interface KnownFrames {
  readonly spaces: readonly KnownSpace[];
  /** One more than the highest that an event names. */
  readonly pcpus: number;
}

/**
 * How far the frames go of which the events of a trace tell that they are there, however shortly. Batch by batch,
 * between which others get their turn. @throws P2mError P2M_DAMAGED
 */
export async function knownFrames(reader: TraceReader): Promise<KnownFrames> {
  const memory = new BatchMemory();
  const ends = new Map<number, number>();
  let [machine, pcpus] = [0, 0];
  const names = ['kind', 'pcpu', 'domid', 'view', 'gfn', 'mfn', 'order', 'p2m_type', 'rc'] as const;
  for (const info of reader.batches) {
    const { columns, validity } = reader.read(info, names, memory);
    const { kind, pcpu, domid, view, order, rc } = columns;
    const framesOf = (row: number) => (isValid(validity.order, row) ? 2 ** Math.min(order[row], MOST_ORDER) : 1);
    const endOf = (frame: number, frames: number) => frame - (frame % frames) + frames;
    for (let row = 0; row < info.rows; row++) {
      if (pcpu[row] >= pcpus && isValid(validity.pcpu, row)) pcpus = pcpu[row] + 1;
      const about = ABOUT[kind[row]];
      if (about === PAGE) {
        const mfn = getU53(columns.mfn, row);
        if (mfn >= machine && mfn < FRAMES) machine = Math.max(machine, endOf(mfn, framesOf(row)));
      } else if (about === ENTRY) {
        if (isValid(validity.rc, row) && rc[row] !== 0) continue;
        if (!isValid(validity.mfn, row) && HOLES.has(columns.p2m_type[row])) continue;
        const gfn = getU53(columns.gfn, row);
        const key = domid[row] * 0x1_0000 + (isValid(validity.view, row) ? view[row] : 0);
        if (gfn >= (ends.get(key) ?? 0) && gfn < FRAMES) ends.set(key, endOf(gfn, framesOf(row)));
      }
    }
    await setImmediate();
  }
  const spaces: KnownSpace[] = [...ends].map(([key, end]) => ({
    domid: Math.floor(key / 0x1_0000),
    view: key % 0x1_0000,
    end,
  }));
  if (machine > 0) spaces.push({ domid: null, view: 0, end: machine });
  return { spaces, pcpus };
}
