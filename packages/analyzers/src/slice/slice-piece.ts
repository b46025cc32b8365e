import { matchingEvents, parseExpression, selectEvents, touching, trimTrace } from '@p2mtrace/replayer';
import { type TraceMetadata, TraceReader } from '@p2mtrace/trace-format';
import type { OutputOptions } from '@p2mtrace/trace-format/output';
import type { Story } from '../explain/story.js';
import { subjectsOfStory } from './candidates.js';

/** Some events of a trace, after snapshots of what was known of a story's subjects and pcpus where they begin. */
export class SlicePiece {
  /** Number of snapshots. */
  readonly snapshots: number;
  private readonly piece: TraceReader;
  /** By place: 1 for the snapshots of the piece that are wanted, 0 for everything else. */
  private readonly wanted: Uint8Array;
  /** Places of the events, by their seq in the original trace. */
  private readonly places: ReadonlyMap<number, number>;

  /**
   * `seqs` are those of the events in the original trace, in order; the piece is stored at `path`.
   * @throws P2mError P2M_WRITE (usage), P2M_SCHEMA, P2M_DAMAGED
   */
  constructor(reader: TraceReader, seqs: readonly number[], story: Story, path: string) {
    const chosen = new Set(seqs);
    const range = { from: seqs[0] ?? 0, to: (seqs.at(-1) ?? -1) + 1 };
    trimTrace(reader, path, range, { keep: seq => chosen.has(seq) }, { durable: false });
    this.piece = TraceReader.open(path);
    const first = this.piece.rows - seqs.length;
    this.places = new Map(seqs.map((seq, i) => [seq, first + i]));
    this.wanted = new Uint8Array(this.piece.rows);
    const { names, metadata } = this.piece;
    const snapshots = { to: metadata.piece?.snapshots ?? 0 };
    const filters = [
      ...subjectsOfStory(story).map(subject => touching(names, subject)),
      ...story.pcpus.map(pcpu => parseExpression(`pcpu == ${pcpu}`, names)),
    ];
    for (const filter of filters) {
      for (const seq of matchingEvents(this.piece, filter, snapshots)) this.wanted[seq] = 1;
    }
    this.snapshots = this.wanted.reduce((sum, one) => sum + one, 0);
  }

  /** Writes some events, by their seq in the original trace, after the snapshots. Throws like the constructor. */
  write(path: string, seqs: readonly number[], options: OutputOptions = {}): void {
    const keep = this.wanted.slice();
    for (const seq of seqs) keep[this.places.get(seq)!] = 1;
    selectEvents(this.piece, path, keep, this.metadata(), options);
  }

  close(): void {
    this.piece.close();
  }

  /** A slice lacks nothing that its finding needs, so it is not marked as incomplete. */
  private metadata(): TraceMetadata {
    const { counts: _, piece, ...metadata } = this.piece.metadata;
    return piece === undefined
      ? metadata
      : { ...metadata, piece: { ...piece, snapshots: this.snapshots, incomplete: undefined } };
  }
}
