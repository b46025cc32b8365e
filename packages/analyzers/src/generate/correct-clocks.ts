import {
  BatchMemory,
  correctSkew,
  getU53,
  KIND,
  MODE_READ,
  type ReadBatch,
  type TraceMetadata,
  TraceReader,
} from '@p2mtrace/trace-format';
import type { Planted } from './planted.js';

const COLUMNS = ['kind', 'pcpu', 'tsc', 'lock', 'mode'] as const;
type Rows = ReadBatch<(typeof COLUMNS)[number]>;

/**
 * Treats a generated trace whose clocks are apart as an import treats a capture: what its locks say of the clocks is
 * put right, and told in its health. Rows change their places then, so that `planted` is told anew.
 * @throws P2mError P2M_DAMAGED, P2M_WRITE
 */
export function correctClocks(path: string, metadata: TraceMetadata, planted: readonly Planted[]): void {
  const { health, overlaps } = look(path);
  if (overlaps === 0) return;
  correctSkew(path, { ...metadata, health }, overlaps);
  const places = new Map(planted.flatMap(place => place.pcpus.map(pcpu => [pcpu, place])));
  for (const place of planted) place.firstSeq = -1;
  forEachRow(path, ({ columns }, row, seq) => {
    const place = places.get(columns.pcpu[row]);
    if (place === undefined) return;
    if (place.firstSeq < 0) place.firstSeq = seq;
    place.lastSeq = seq;
  });
}

/** What an import knows of the records that it has read, and the locks that one pcpu took while another had them. */
function look(path: string): { health: NonNullable<TraceMetadata['health']>; overlaps: number } {
  const pcpus = new Map<number, { records: number; first: number; last: number }>();
  const holders = new Map<number, number>();
  let overlaps = 0;
  const records = forEachRow(path, ({ columns: c }, row) => {
    const pcpu = c.pcpu[row];
    const tsc = getU53(c.tsc, row);
    const seen = pcpus.get(pcpu) ?? { records: 0, first: tsc, last: tsc };
    pcpus.set(pcpu, { records: seen.records + 1, first: seen.first, last: tsc });
    if (c.mode[row] === MODE_READ) return;
    const holder = holders.get(c.lock[row]);
    if (c.kind[row] === KIND.lock_acquire) {
      if (holder !== undefined && holder !== pcpu) overlaps++;
      holders.set(c.lock[row], pcpu);
    } else if (c.kind[row] === KIND.lock_release && holder === pcpu) holders.delete(c.lock[row]);
  });
  const spans = [...pcpus].sort(([a], [b]) => a - b);
  const health = {
    bytes: 0,
    skippedBytes: 0,
    records,
    byId: {},
    unknownById: {},
    misfits: 0,
    lost: [],
    withoutTsc: 0,
    pcpus: spans.map(([pcpu, { records, first, last }]) => {
      return { pcpu, records, firstTsc: `${first}`, lastTsc: `${last}` };
    }),
    order: { confidence: 'exact' as const, late: 0 },
    problems: [],
  };
  return { health, overlaps };
}

/** Returns how many rows there are. */
function forEachRow(path: string, visit: (rows: Rows, row: number, seq: number) => void): number {
  const reader = TraceReader.open(path);
  try {
    const memory = new BatchMemory();
    let seq = 0;
    for (const info of reader.batches) {
      const batch = reader.read(info, COLUMNS, memory);
      for (let row = 0; row < batch.rows; row++) visit(batch, row, seq++);
    }
    return seq;
  } finally {
    reader.close();
  }
}
