import { BatchMemory, correctSkew, getU53, KIND, type TraceMetadata, TraceReader } from '@p2mtrace/trace-format';
import type { Planted } from './workload.js';

/**
 * Treats a generated trace whose clocks are apart as an import treats a capture: what its locks say of the clocks is
 * put right, and told in its health. Rows change their places then, so that `planted` is told anew.
 * @throws P2mError P2M_DAMAGED, P2M_WRITE
 */
export function correctClocks(path: string, metadata: TraceMetadata, planted: readonly Planted[]): void {
  correctSkew(path, { ...metadata, health: healthOf(path, metadata) });
  const places = new Map(planted.flatMap(place => place.pcpus.map(pcpu => [pcpu, place])));
  for (const place of planted) place.firstSeq = -1;
  forEachRow(path, (seq, pcpu) => {
    const place = places.get(pcpu);
    if (place === undefined) return;
    if (place.firstSeq < 0) place.firstSeq = seq;
    place.lastSeq = seq;
  });
}

/** What an import knows of the records that it has read. */
function healthOf(path: string, { source: _, ...metadata }: TraceMetadata): NonNullable<TraceMetadata['health']> {
  const pcpus = new Map<number, { records: number; first: number; last: number }>();
  const records = forEachRow(path, (_seq, pcpu, tsc) => {
    const seen = pcpus.get(pcpu) ?? { records: 0, first: tsc, last: tsc };
    pcpus.set(pcpu, { records: seen.records + 1, first: seen.first, last: tsc });
  });
  return {
    bytes: 0,
    skippedBytes: 0,
    records,
    byId: {},
    unknownById: {},
    misfits: 0,
    lost: [],
    withoutTsc: 0,
    pcpus: [...pcpus]
      .sort(([a], [b]) => a - b)
      .map(([pcpu, seen]) => {
        return { pcpu, records: seen.records, firstTsc: `${seen.first}`, lastTsc: `${seen.last}` };
      }),
    order: { confidence: 'exact', late: 0 },
    problems: [],
  };
}
