import { basename } from 'node:path';
import type { CopiedBatch, PieceOrigin, TraceMetadata, TraceReader } from '@p2mtrace/trace-format';
import type { OutputOptions } from '@p2mtrace/trace-format/output';
import type { XenState } from '../state/xen-state.js';
import { EventChooser } from './event-chooser.js';
import type { FrameOwners } from './frame-owners.js';
import { inheritedMetadata, pieceOrigin } from './piece-metadata.js';
import type { PieceRange } from './piece-ranges.js';
import { type PieceFilter, PieceScope } from './piece-scope.js';
import { PieceWriter } from './piece-writer.js';
import { writeSnapshots } from './snapshot-events.js';

/** A piece to be written: its path, and which events of its range it has. */
export interface PieceSpec {
  readonly path: string;
  readonly filter: PieceFilter;
}

/** What pieces are cut from. */
export interface PieceSource {
  readonly reader: TraceReader;
  readonly range: PieceRange;
  /** The state at the start of the range. */
  readonly state: XenState;
  /** Owners of frames in the range, if a filter names domains. */
  readonly frames: FrameOwners | undefined;
  /** Rows per batch of a piece. */
  readonly batchRows: number;
}

/** A piece that was written. */
export interface Piece {
  readonly path: string;
  readonly range: PieceRange;
  /** Number of snapshot events at its start. */
  readonly snapshots: number;
  /** Number of events after them. */
  readonly events: number;
  /** Kinds of which its filter left out events. */
  readonly incomplete: readonly string[];
}

/** A piece being written: snapshots of the state at its start, then the events that are added. */
export class PieceOutput {
  private readonly path: string;
  private readonly range: PieceRange;
  private readonly writer: PieceWriter;
  private readonly metadata: TraceMetadata;
  private readonly origin: PieceOrigin;
  private readonly chooser: EventChooser | undefined;
  private readonly snapshots: number;
  private rows = new Uint32Array(0);

  /** @throws P2mError P2M_OUTPUT, P2M_WRITE, P2M_SCHEMA, P2M_DAMAGED */
  constructor(
    { reader, state, range, frames, batchRows }: PieceSource,
    { path, filter }: PieceSpec,
    options: OutputOptions,
  ) {
    const { domains, pcpus, keep } = filter;
    const scope = new PieceScope(filter, frames);
    const choosesAll = domains === undefined && pcpus === undefined && keep === undefined;
    this.path = path;
    this.range = range;
    this.chooser = choosesAll ? undefined : new EventChooser(filter, scope);
    this.origin = pieceOrigin(reader.metadata, basename(reader.path), range, filter);
    this.metadata = { ...inheritedMetadata(reader, state, range), piece: this.origin };
    this.writer = new PieceWriter(reader, path, this.metadata, batchRows, options);
    try {
      writeSnapshots(reader, state, this.writer, scope);
    } catch (error) {
      this.writer.abort();
      throw error;
    }
    this.snapshots = this.writer.events;
  }

  /** Adds those of rows `from` to `to` (exclusive) that belong to the piece. */
  add(batch: CopiedBatch, from: number, to: number): void {
    if (this.chooser === undefined) {
      this.writer.append(batch, from, to);
      return;
    }
    if (this.rows.length < to - from) this.rows = new Uint32Array(to - from);
    this.writer.appendSelected(batch, this.chooser.choose(batch, from, to, this.rows));
  }

  /** Completes the file. @throws P2mError P2M_WRITE (usage) */
  finish(): Piece {
    const { path, metadata, origin, snapshots, range } = this;
    const incomplete = [...new Set([...(origin.incomplete ?? []), ...(this.chooser?.leftOut() ?? [])])];
    const piece = { ...origin, snapshots, incomplete: incomplete.length === 0 ? undefined : incomplete };
    this.writer.finish({ ...metadata, piece });
    return { path, range, snapshots, events: this.writer.events - snapshots, incomplete };
  }

  /** Gives up and removes the file, unless it has its name. */
  abort(): void {
    this.writer.abort();
  }
}
