import { matchingEvents, parseExpression, type Subject, selectEvents, touching, trimTrace } from '@p2mtrace/replayer';
import { type TraceMetadata, TraceReader } from '@p2mtrace/trace-format';
import type { OutputOptions } from '@p2mtrace/trace-format/output';

/** For files that only tell whether a slice will do. */
const SCRATCH: OutputOptions = { durable: false };

/** What snapshots are to tell of. */
export interface Shown {
  readonly subjects: readonly Subject[];
  readonly pcpus: readonly number[];
}

/**
 * Some events of a trace, after snapshots of what was known of some subjects and pcpus where they begin. It has
 * nothing else, so that choosing among its events takes as long as they are many, not as the trace is long.
 */
export class SlicePiece {
  /** Number of snapshots. */
  readonly snapshots: number;
  /** seq of its first event in the original trace. */
  readonly from: number;
  private readonly piece: TraceReader;
  /** Places of the events, by their seq in the original trace. */
  private readonly places: ReadonlyMap<number, number>;

  /**
   * `seqs` are those of the events in the original trace, in order; the piece is stored at `path`.
   * @throws P2mError P2M_WRITE (usage), P2M_SCHEMA, P2M_DAMAGED
   */
  constructor(reader: TraceReader, seqs: readonly number[], shown: Shown, path: string) {
    const chosen = new Set(seqs);
    this.from = seqs[0] ?? 0;
    const range = { from: this.from, to: (seqs.at(-1) ?? -1) + 1 };
    const trimmed = `${path}.trimmed`;
    trimTrace(reader, trimmed, range, { keep: seq => chosen.has(seq) }, SCRATCH);
    const all = TraceReader.open(trimmed);
    try {
      const keep = wantedSnapshots(all, shown);
      this.snapshots = keep.reduce((sum, one) => sum + one, 0);
      keep.fill(1, all.rows - seqs.length);
      selectEvents(all, path, keep, this.metadataOf(all), SCRATCH);
    } finally {
      all.close();
    }
    this.piece = TraceReader.open(path);
    this.places = new Map(seqs.map((seq, i) => [seq, this.snapshots + i]));
  }

  /** Writes some events, by their seq in the original trace, after the snapshots. Throws like the constructor. */
  write(path: string, seqs: readonly number[], options: OutputOptions = {}): void {
    const keep = new Uint8Array(this.piece.rows).fill(1, 0, this.snapshots);
    for (const seq of seqs) keep[this.places.get(seq)!] = 1;
    selectEvents(this.piece, path, keep, this.metadataOf(this.piece), options);
  }

  close(): void {
    this.piece.close();
  }

  /** A slice lacks nothing that its finding needs, so it is not marked as incomplete. */
  private metadataOf(piece: TraceReader): TraceMetadata {
    const { counts: _, piece: origin, ...metadata } = piece.metadata;
    return origin === undefined
      ? metadata
      : { ...metadata, piece: { ...origin, snapshots: this.snapshots, incomplete: undefined } };
  }
}

/** By place in a piece: 1 for the snapshots of these, 0 for everything else. */
function wantedSnapshots(piece: TraceReader, { subjects, pcpus }: Shown): Uint8Array<ArrayBuffer> {
  const wanted = new Uint8Array(piece.rows);
  const { names, metadata } = piece;
  const snapshots = { to: metadata.piece?.snapshots ?? 0 };
  const filters = [
    ...subjects.map(subject => touching(names, subject)),
    ...pcpus.map(pcpu => parseExpression(`pcpu == ${pcpu}`, names)),
  ];
  for (const filter of filters) {
    for (const seq of matchingEvents(piece, filter, snapshots)) wanted[seq] = 1;
  }
  return wanted;
}
