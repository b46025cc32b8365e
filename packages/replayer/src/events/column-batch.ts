import {
  type BatchInfo,
  BatchMemory,
  type ColumnArrays,
  type ColumnName,
  type TraceReader,
} from '@p2mtrace/trace-format';

/**
 * One batch of a trace at a time, of which each column is read when somebody first asks for it: a filter that has
 * found no row by `kind` reads nothing else. What it gives lives until `open` is called again.
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

  /** Values, one a row; of u64 columns (low, high) pairs; `tsc_own` is bit-packed. @throws P2mError P2M_DAMAGED */
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
      // Each column has its own place in the memory of a batch, so one more leaves those read before as they are.
      const { columns, validity } = this.reader.read(this.info, [name], this.memory);
      column = { values: columns[name], validity: validity[name] };
      this.read.set(name, column);
    }
    return column;
  }
}
