import {
  type BatchInfo,
  BatchMemory,
  type ColumnArrays,
  type ColumnName,
  type TraceReader,
} from '@p2mtrace/trace-format';

/**
 * One batch of a trace at a time. Each column is read when it is first asked for: a filter that finds no row by `kind`
 * reads nothing else. Results are valid until `open` is called again.
 */
export class ColumnBatch {
  info!: BatchInfo;
  private readonly reader: TraceReader;
  private readonly memory = new BatchMemory();
  private readonly read = new Map<ColumnName, { values: ColumnArrays[ColumnName]; validity: Uint8Array }>();

  constructor(reader: TraceReader) {
    this.reader = reader;
  }

  open(info: BatchInfo): this {
    this.info = info;
    this.read.clear();
    return this;
  }

  get rows(): number {
    return this.info.rows;
  }

  /** Values, one per row; u64 columns as (low, high) pairs; `tsc_own` is bit-packed. @throws P2mError P2M_DAMAGED */
  values<C extends ColumnName>(name: C): ColumnArrays[C] {
    return this.column(name).values as ColumnArrays[C];
  }

  /** Arrow validity bitmap of a nullable column. @throws P2mError P2M_DAMAGED */
  validity(name: ColumnName): Uint8Array {
    return this.column(name).validity;
  }

  private column(name: ColumnName) {
    let column = this.read.get(name);
    if (column === undefined) {
      // Each column has its own place in the memory of a batch, so reading one more keeps the others intact.
      const { columns, validity } = this.reader.read(this.info, [name], this.memory);
      column = { values: columns[name], validity: validity[name] };
      this.read.set(name, column);
    }
    return column;
  }
}
