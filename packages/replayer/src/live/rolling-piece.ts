import { basename } from 'node:path';
import {
  BATCH_ROWS,
  BatchBlock,
  type Compression,
  LocalPool,
  type NewNames,
  type PieceOrigin,
  type TraceMetadata,
} from '@p2mtrace/trace-format';
import { PieceScope } from '../pieces/piece-scope.js';
import { PieceWriter } from '../pieces/piece-writer.js';
import { writeSnapshots } from '../pieces/snapshot-events.js';
import type { XenState } from '../state/xen-state.js';
import type { LivePage } from './live-page.js';
import type { LiveRows } from './live-rows.js';

/** A piece of a stream that is complete. */
export interface KeptPiece {
  readonly path: string;
  /** seq of its first event, and one behind the last, in the stream. */
  readonly from: number;
  readonly to: number;
}

/** Batches of pieces: made once, as each piece begins where another ends. */
export const pieceBlock = ({ block }: LiveRows): BatchBlock => new BatchBlock(BATCH_ROWS, 1, block.kernel);

/** A piece of a stream while it is written: snapshots of the state at its start, then the events as they come. */
export class RollingPiece {
  readonly path: string;
  readonly from: number;
  to: number;
  private readonly rows: LiveRows;
  private readonly writer: PieceWriter;
  private readonly origin: PieceOrigin;

  /** @throws P2mError P2M_OUTPUT, P2M_WRITE */
  constructor(path: string, rows: LiveRows, state: XenState, block: BatchBlock, compression: Compression | undefined) {
    this.path = path;
    this.rows = rows;
    this.from = state.seq;
    this.to = state.seq;
    this.origin = { of: basename(rows.path), fromSeq: this.from, toSeq: this.to, snapshots: 0, recorded: [] };
    const pool = new LocalPool(BATCH_ROWS, compression, block);
    this.writer = new PieceWriter(rows, path, this.metadata(this.origin), BATCH_ROWS, { compression }, pool);
    try {
      writeSnapshots(rows, state, this.writer, new PieceScope({}));
    } catch (error) {
      this.writer.abort();
      throw error;
    }
    this.origin = { ...this.origin, snapshots: this.writer.events };
  }

  addNames(names: NewNames): void {
    this.writer.addNames(names);
  }

  /** Adds events, which follow those before without a gap. */
  add(page: LivePage, from: number, to: number): void {
    this.writer.append(page.view, from, to);
    this.to = page.firstSeq + to;
  }

  /** Bytes on disk so far. */
  get bytes(): number {
    return this.writer.bytes;
  }

  /** Completes the file, which gets its name. `health`: of the recording. @throws P2mError P2M_WRITE */
  finish(health: TraceMetadata['health']): KeptPiece {
    const { path, from, to } = this;
    const metadata = this.metadata({ ...this.origin, toSeq: to, recorded: this.rows.recorded() });
    this.writer.finish(health === undefined ? metadata : { ...metadata, health });
    return { path, from, to };
  }

  abort(): void {
    this.writer.abort();
  }

  private metadata(piece: PieceOrigin): TraceMetadata {
    const { counts: _whole, health: _later, ...metadata } = this.rows.metadata;
    return { ...metadata, hasResults: this.rows.counted().hasResults, piece };
  }
}
