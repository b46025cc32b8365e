import { type FactArray, type FactColumns, type FactSpec, factArray } from './fact-columns.js';
import { type ChunkOf, type FactChunk, type FactSelection, type FactSink, selectedColumns } from './fact-sink.js';
import { FACT_SPECS } from './fact-specs.js';

/** Rows of the largest block that the store makes. */
const BLOCK_ROWS = 65_536;

/** Keeps facts: all of them, or those of a selection. Memory follows their number. */
export class FactStore implements FactSink {
  readonly wanted: FactSelection | undefined;
  private readonly tables = new Map<string, Block[]>();

  constructor(wanted?: FactSelection) {
    this.wanted = wanted;
  }

  take(chunk: FactChunk): void {
    const blocks = this.tables.get(chunk.table) ?? [];
    this.tables.set(chunk.table, blocks);
    const columns: Columns = chunk.columns;
    for (let from = 0; from < chunk.rows; ) {
      let last = blocks.at(-1);
      if (last === undefined || last.rows === last.capacity) {
        // As long as all before it: few rows take little, many take few blocks.
        last = new Block(columns, Math.min(BLOCK_ROWS, Math.max(chunk.rows, this.rows(chunk.table))));
        blocks.push(last);
      }
      from += last.append(columns, from, chunk.rows);
    }
  }

  /** Rows kept of a table. */
  rows(table: string): number {
    return (this.tables.get(table) ?? []).reduce((sum, block) => sum + block.rows, 0);
  }

  /**
   * The rows kept of a table, in the order in which they came, up to 65,536 at a time; one chunk without rows where
   * there are none. Nothing is copied.
   */
  chunks<const S extends FactSpec>(spec: S): ChunkOf<S>[] {
    const blocks = this.tables.get(spec.name) ?? [new Block(emptyColumns(spec, this.wanted), 0)];
    return blocks.map(block => {
      return { table: spec.name, rows: block.rows, columns: block.columns() as FactColumns<S> };
    });
  }

  /** The rows of all tables, which the store then forgets. */
  takeAll(): FactChunk[] {
    const chunks = FACT_SPECS.flatMap((spec): ChunkOf<FactSpec>[] => this.chunks(spec));
    this.tables.clear();
    return chunks.filter(({ rows }) => rows > 0) as unknown as FactChunk[];
  }
}

type Columns = Readonly<Record<string, FactArray>>;

function emptyColumns(spec: FactSpec, wanted: FactSelection | undefined): Columns {
  return Object.fromEntries(selectedColumns(spec, wanted).map(({ name, type }) => [name, factArray(type, 0)]));
}

/** Elements that a row takes: u64 and tsc are pairs. */
const lanes = (values: FactArray): number => (values instanceof Uint32Array ? 2 : 1);

class Block {
  rows = 0;
  readonly capacity: number;
  private readonly arrays: [string, FactArray][];

  constructor(like: Columns, capacity: number) {
    this.capacity = capacity;
    this.arrays = Object.entries(like).map(([name, values]) => {
      return [name, new (values.constructor as new (length: number) => FactArray)(capacity * lanes(values))];
    });
  }

  /** Copies rows from `from` on, as many as there is room for; returns their number. */
  append(columns: Columns, from: number, to: number): number {
    const rows = Math.min(to - from, this.capacity - this.rows);
    for (const [name, array] of this.arrays) {
      const n = lanes(array);
      array.set(columns[name].subarray(from * n, (from + rows) * n), this.rows * n);
    }
    this.rows += rows;
    return rows;
  }

  columns(): Columns {
    return Object.fromEntries(this.arrays.map(([name, array]) => [name, array.subarray(0, this.rows * lanes(array))]));
  }
}
