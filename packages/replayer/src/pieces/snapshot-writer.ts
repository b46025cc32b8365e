import { type ColumnArrays, type ColumnName, type EventBatch, PRESENT, setU53 } from '@p2mtrace/trace-format';

/** Where snapshots go. */
export interface RowTarget {
  /** Takes the next row: the caller fills it in the returned batch, where it is the last. */
  nextRow(): EventBatch;
}

type U64Column = 'gfn' | 'mfn' | 'arg0' | 'arg1';
type NumberColumn =
  | 'pcpu'
  | 'domid'
  | 'view'
  | 'order'
  | 'p2m_type'
  | 'access'
  | 'owner'
  | 'lock'
  | 'lock_class'
  | 'level'
  | 'mode'
  | 'depth'
  | 'flags'
  | 'caller'
  | 'symbol';

/** Writes snapshot events one by one: `begin`, then the event's values. What is unknown is left out. */
export class SnapshotWriter {
  private readonly piece: RowTarget;
  private readonly tsc: Uint32Array | undefined;
  private columns!: ColumnArrays;
  private present!: Uint32Array;
  private row = 0;

  /** `tsc`: low and high word of the inherited TSC that all of them carry; undefined for none. */
  constructor(piece: RowTarget, tsc: Uint32Array | undefined) {
    this.piece = piece;
    this.tsc = tsc;
  }

  begin(kind: number): this {
    const batch = this.piece.nextRow();
    this.columns = batch.columns;
    this.present = batch.present;
    this.row = batch.rows - 1;
    this.columns.kind[this.row] = kind;
    return this.tsc === undefined ? this : this.words('tsc', this.tsc[0], this.tsc[1]);
  }

  /** An id, index or flags; negative or undefined for none. */
  id(name: NumberColumn, value: number | undefined): this {
    if (value === undefined || value < 0) return this;
    this.columns[name][this.row] = value;
    return this.has(name);
  }

  /** A frame; negative or NaN for none. */
  frame(name: U64Column, value: number): this {
    return value >= 0 ? this.number(name, value) : this;
  }

  /** A number within ±2^53, negative ones in two's complement; NaN for none. */
  number(name: U64Column, value: number): this {
    if (Number.isNaN(value)) return this;
    setU53(this.columns[name], this.row, value);
    return this.has(name);
  }

  words(name: U64Column | 'tsc' | 'count_info' | 'type_info', low: number, high: number): this {
    this.columns[name][2 * this.row] = low;
    this.columns[name][2 * this.row + 1] = high;
    return this.has(name);
  }

  private has(name: ColumnName): this {
    this.present[this.row] |= PRESENT[name];
    return this;
  }
}
