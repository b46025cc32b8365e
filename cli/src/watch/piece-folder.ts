import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import {
  joinPieces,
  type KeptPiece,
  type LivePage,
  type LiveReplay,
  pieceBlock,
  RollingPiece,
} from '@p2mtrace/replayer';
import type { BatchBlock, Compression, ImportHealth, NewNames, PieceOrigin } from '@p2mtrace/trace-format';
import type { P2mError } from '@p2mtrace/trace-format/errors';
import { makeFolder, removeOutput } from '@p2mtrace/trace-format/output';
import { isP2mError } from '../exit.js';
import type { Keep } from './keep.js';

/** A piece, or what a process that was killed had written of one (`p2mtrace repair`). */
const NAME = /^piece-(\d+)\.arrow(?:\.[0-9a-f]{12}\.partial)?$/;
/** Pieces that what is kept is cut into: when one goes, that share of it goes. */
const PIECES = 8;
/** After a piece could not be written, another one is tried. */
const RETRY_MS = 60_000;

interface Kept extends KeptPiece {
  readonly bytes: number;
  /** When its last event came, by Date.now(). */
  readonly at: number;
}

/** Keeps the last part of a stream as pieces in a folder, and forgets older ones. */
export class PieceFolder {
  private readonly folder: string;
  private readonly keep: Keep;
  private readonly compression: Compression | undefined;
  private readonly onTrouble: (error: P2mError) => void;
  private readonly kept: Kept[] = [];
  private block: BatchBlock | undefined;
  private piece: RollingPiece | undefined;
  private begun = 0;
  private number: number;
  private retryAt = 0;

  /**
   * Pieces of an earlier watch in the folder count as old ones. `onTrouble` gets why a piece can't be written: the
   * stream is judged all the same. @throws P2mError P2M_WRITE (usage)
   */
  constructor(folder: string, keep: Keep, compression: Compression | undefined, onTrouble: (error: P2mError) => void) {
    this.folder = folder;
    this.keep = keep;
    this.compression = compression;
    this.onTrouble = onTrouble;
    makeFolder(folder);
    const names = readdirSync(folder).filter(name => NAME.test(name));
    for (const name of names.sort()) {
      const path = join(folder, name);
      const { size, mtimeMs } = statSync(path);
      // Of another stream: no event of this one is in it.
      this.kept.push({ path, from: Number.NaN, to: Number.NaN, bytes: size, at: mtimeMs });
    }
    this.number = Math.max(0, ...names.map(name => Number(NAME.exec(name)?.[1])));
  }

  /** Bytes and number of the pieces that are complete. */
  get bytes(): number {
    return this.kept.reduce((sum, { bytes }) => sum + bytes, 0);
  }
  get count(): number {
    return this.kept.length;
  }

  /** Names that the stream has got. */
  addNames(names: NewNames): void {
    this.piece?.addNames(names);
  }

  /** Events that were replayed. */
  add(page: LivePage, from: number, to: number): void {
    this.tried(() => this.piece?.add(page, from, to));
  }

  /** Between two rounds: begins a piece, and ends one that has its length. */
  turn(replay: LiveReplay, health: () => ImportHealth | undefined): void {
    if (this.piece !== undefined && this.isFull()) this.end(health());
    if (this.piece === undefined && Date.now() >= this.retryAt) this.begin(replay);
    this.forget();
  }

  /** Ends the piece of the moment. */
  end(health: ImportHealth | undefined): void {
    const { piece } = this;
    this.piece = undefined;
    if (piece === undefined) return;
    if (piece.to === piece.from) {
      piece.abort();
      return;
    }
    this.tried(() => {
      const kept = piece.finish(health);
      this.kept.push({ ...kept, bytes: statSync(kept.path).size, at: Date.now() });
    }, piece);
  }

  /**
   * Saves the events from one seq to another as one trace, as far as they are kept: then it begins with the state of the
   * first that is. undefined if nothing is kept of them. @throws P2mError P2M_WRITE (usage)
   */
  save(from: number, to: number, path: string): PieceOrigin | undefined {
    const wanted = this.kept.filter(piece => piece.to > from && piece.from <= to && existsSync(piece.path));
    // Where all of it is older, the state of what is kept is what is left of it.
    if (wanted.length === 0) wanted.push(...this.kept.filter(piece => existsSync(piece.path)).slice(-1));
    if (wanted.length === 0) return undefined;
    return joinPieces(
      wanted.map(piece => piece.path),
      path,
    );
  }

  private begin(replay: LiveReplay): void {
    this.tried(() => {
      this.block ??= pieceBlock(replay.rows);
      const path = join(this.folder, `piece-${String(++this.number).padStart(6, '0')}.arrow`);
      this.piece = new RollingPiece(path, replay.rows, replay.replayer, this.block, this.compression);
      this.begun = Date.now();
    });
  }

  private isFull(): boolean {
    const { ms, bytes } = this.keep;
    if (ms !== undefined) return Date.now() - this.begun >= ms / PIECES;
    return bytes !== undefined && (this.piece?.bytes ?? 0) >= bytes / PIECES;
  }

  private forget(): void {
    const { ms = Number.POSITIVE_INFINITY, bytes = Number.POSITIVE_INFINITY } = this.keep;
    const now = Date.now();
    // The piece of the moment is of what is kept.
    const own = bytes < Number.POSITIVE_INFINITY ? (this.piece?.bytes ?? 0) : 0;
    while (this.kept.length > 0 && (now - this.kept[0].at > ms || this.bytes + own > bytes)) {
      const [oldest] = this.kept.splice(0, 1);
      removeOutput(oldest.path);
    }
  }

  /** A full disk ends no watch: what can't be kept is judged. */
  private tried(work: () => void, piece = this.piece): void {
    try {
      work();
    } catch (error) {
      if (!isP2mError(error)) throw error;
      piece?.abort();
      this.piece = undefined;
      this.block = undefined;
      this.retryAt = Date.now() + RETRY_MS;
      this.onTrouble(error);
    }
  }
}
