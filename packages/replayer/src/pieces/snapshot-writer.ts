import { type ColumnArrays, type ColumnName, PRESENT, setU53 } from '@p2mtrace/trace-format';
import type { PieceWriter } from './piece-writer.js';

/** Columns whose value is a number in one element of an array. */
type NumberColumn = Exclude<
  ColumnName,
  'seq' | 'tsc' | 'tsc_own' | 'kind' | 'raw' | 'count_info' | 'type_info' | U64Column
>;
type U64Column = 'gfn' | 'mfn' | 'arg0' | 'arg1';

/** Writes snapshot events, one after the other: `begin`, then what the event has. */
export class SnapshotWriter {
  private readonly piece: PieceWriter;
  private readonly tsc: Uint32Array;
  private columns!: ColumnArrays;
  private present!: Uint32Array;
  private row = 0;

  /** `tsc`: low and high word of what all of them carry, as inherited; absent: none. */
  constructor(piece: PieceWriter, tsc: Uint32Array | undefined) {
    this.piece = piece;
    this.tsc = tsc ?? new Uint32Array(0);
  }

  begin(kind: number): this {
    const batch = this.piece.nextRow();
    this.columns = batch.columns;
    this.present = batch.present;
    this.row = batch.rows - 1;
    this.columns.kind[this.row] = kind;
    return this.tsc.length === 0 ? this : this.words('tsc', this.tsc[0], this.tsc[1]);
  }

  number(name: NumberColumn, value: number): this {
    this.columns[name][this.row] = value;
    this.present[this.row] |= PRESENT[name];
    return this;
  }

  /** A frame, or another number below 2^53. */
  u53(name: U64Column, value: number): this {
    setU53(this.columns[name], this.row, value);
    this.present[this.row] |= PRESENT[name];
    return this;
  }

  words(name: 'tsc' | 'count_info' | 'type_info', low: number, high: number): this {
    this.columns[name][2 * this.row] = low;
    this.columns[name][2 * this.row + 1] = high;
    this.present[this.row] |= PRESENT[name];
    return this;
  }
}
