import {
  COLUMNS,
  type ColumnName,
  type ColumnSpec,
  type EventBatch,
  getU64,
  PRESENT,
  perColumn,
  type ReadBatch,
  type RowBatch,
} from '@p2mtrace/trace-format';

/** A batch of the stream, which may still be growing: read where it was written, without a copy. */
export class LivePage implements RowBatch {
  readonly index: number;
  readonly firstSeq: number;
  readonly batch: EventBatch;
  /** All columns; what it says of rows is as it is now. */
  readonly view: ReadBatch<ColumnName>;
  /** Rows whose bitmaps are filled. */
  rows = 0;

  constructor(batch: EventBatch, index: number, firstSeq: number) {
    this.batch = batch;
    this.index = index;
    this.firstSeq = firstSeq;
    this.view = new PageView(this);
  }

  /** There are more rows: they can be read from now on. */
  update(): void {
    const { batch } = this;
    batch.fillBitmaps();
    batch.fillSeq(this.firstSeq);
    this.rows = batch.rows;
  }

  get firstTsc(): bigint | undefined {
    const { present, columns } = this.batch;
    for (let row = 0; row < this.rows; row++) if ((present[row] & PRESENT.tsc) !== 0) return getU64(columns.tsc, row);
    return undefined;
  }

  get lastTsc(): bigint | undefined {
    const { present, columns } = this.batch;
    for (let row = this.rows - 1; row >= 0; row--) {
      if ((present[row] & PRESENT.tsc) !== 0) return getU64(columns.tsc, row);
    }
    return undefined;
  }
}

class PageView implements ReadBatch<ColumnName> {
  readonly firstSeq: number;
  readonly columns: ReadBatch<ColumnName>['columns'];
  readonly validity: ReadBatch<ColumnName>['validity'];
  private readonly page: LivePage;

  constructor(page: LivePage) {
    const { batch, firstSeq } = page;
    this.page = page;
    this.firstSeq = firstSeq;
    this.columns = { ...batch.columns, tsc_own: batch.bitmap('tsc_own') };
    this.validity = perColumn(name => {
      const { nullable }: ColumnSpec = COLUMNS[name];
      return nullable ? batch.bitmap(name) : NONE;
    });
  }

  get rows(): number {
    return this.page.rows;
  }

  get rawOffsets(): Int32Array {
    const { rawLength } = this.page.batch;
    const offsets = new Int32Array(this.rows + 1);
    for (let row = 0; row < this.rows; row++) offsets[row + 1] = offsets[row] + rawLength[row];
    return offsets;
  }
}

const NONE = new Uint8Array(0);
