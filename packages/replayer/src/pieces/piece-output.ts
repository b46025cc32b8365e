import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import {
  BATCH_ROWS,
  type CopiedBatch,
  type PieceOrigin,
  type TraceMetadata,
  type TraceReader,
} from '@p2mtrace/trace-format';
import type { Replayer } from '../replayer.js';
import { EventChooser, type FrameOwners } from './piece-filter.js';
import { inheritedMetadata, pieceOrigin } from './piece-metadata.js';
import type { PieceRange } from './piece-ranges.js';
import { PieceWriter } from './piece-writer.js';
import type { PieceSpec } from './pieces.js';
import { writeSnapshots } from './snapshot-events.js';

/** Rows of a batch, where many pieces are written at once. */
const LEAST_ROWS = 4096;

/** A piece that was written. */
export interface Piece {
  readonly path: string;
  readonly range: PieceRange;
  /** Snapshot events that it begins with. */
  readonly snapshots: number;
  /** Events behind them. */
  readonly events: number;
}

/** One piece on its way: snapshots of the state that it begins with, then the events that it is given. */
export class PieceOutput {
  /** Its filter asks whose frame an event is about. */
  readonly asksOwners: boolean;
  private readonly spec: PieceSpec;
  private readonly range: PieceRange;
  private readonly writer: PieceWriter;
  private readonly metadata: TraceMetadata;
  private readonly origin: PieceOrigin;
  private readonly chooser: EventChooser | undefined;
  private readonly snapshots: number;
  private rows = new Uint32Array(0);
  private finished = false;

  /** `state` is that at the start of the range, `siblings` how many are written at once, this one included. */
  constructor(reader: TraceReader, state: Replayer, range: PieceRange, spec: PieceSpec, siblings: number) {
    const { domains, pcpus } = spec.filter;
    this.spec = spec;
    this.range = range;
    this.asksOwners = domains !== undefined;
    this.chooser = domains === undefined && pcpus === undefined ? undefined : new EventChooser(spec.filter);
    this.origin = pieceOrigin(reader.metadata, basename(reader.path), range, spec.filter);
    this.metadata = { ...inheritedMetadata(reader, state, range), piece: this.origin };
    this.writer = new PieceWriter(reader, spec.path, this.metadata, rowsOfBatch(siblings));
    try {
      writeSnapshots(reader, state, this.writer, spec.filter);
    } catch (error) {
      this.writer.abort();
      throw error;
    }
    this.snapshots = this.writer.events;
  }

  /** Takes of rows `from` to `to` (exclusive) what belongs to it. */
  add(batch: CopiedBatch, from: number, to: number, owners: FrameOwners | undefined): void {
    if (this.chooser === undefined) {
      this.writer.append(batch, from, to);
      return;
    }
    if (this.rows.length < to - from) this.rows = new Uint32Array(to - from);
    this.writer.appendSelected(batch, this.chooser.choose(batch, from, to, owners, this.rows));
  }

  finish(): Piece {
    const { path } = this.spec;
    const { metadata, origin, snapshots, range } = this;
    const lacks = new Set([...(origin.incomplete ?? []), ...(this.chooser?.leftOut() ?? [])]);
    const incomplete = lacks.size === 0 ? undefined : [...lacks];
    this.writer.finish({ ...metadata, piece: { ...origin, snapshots, incomplete } });
    this.finished = true;
    return { path, range, snapshots, events: this.writer.events - snapshots };
  }

  /** Nothing is left of it. */
  discard(): void {
    this.writer.abort();
    if (this.finished) rmSync(this.spec.path, { force: true });
  }
}

/** Many batches are filled at once; each takes its memory. */
function rowsOfBatch(siblings: number): number {
  return Math.max(LEAST_ROWS, Math.floor(BATCH_ROWS / siblings));
}
