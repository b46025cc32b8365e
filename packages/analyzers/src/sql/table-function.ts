import type { DuckDBTableFunction } from '@duckdb/node-api';
import type { ColumnSource, SourceBatch } from './column-source.js';
import { bindings, duckdb, VECTOR_ROWS } from './duckdb.js';
import { sqlType, type VectorWriter, vectorWriter } from './vector-writer.js';

/** Requested by scans that need no column, such as `count(*)`: never read, and hidden by the view over the function. */
const ROWS_COLUMN = '__rows';

/** With a second thread, DuckDB works while values are copied, which always happens on the JS thread. */
const SCAN_THREADS = 2;

interface Scan {
  readonly batches: Iterator<SourceBatch>;
  /** The column of the chunk that each writer fills. */
  readonly outputs: readonly { readonly column: number; readonly writer: VectorWriter }[];
  /** Rows of the current batch, and how many of them were handed out. */
  rows: number;
  start: number;
}

/**
 * A DuckDB table function without parameters that scans the source, one batch at a time and only the columns needed.
 * An error of the source becomes an error of the query; `onError` gets the original.
 * @throws P2mError P2M_NAMES
 */
export function tableFunction(
  name: string,
  source: ColumnSource,
  onError: (error: unknown) => void,
): DuckDBTableFunction {
  const types = source.columns.map(sqlType);
  return duckdb().DuckDBTableFunction.create({
    name,
    supportsProjectionPushdown: true,
    bindFunction: info => {
      info.addResultColumn(ROWS_COLUMN, duckdb().UTINYINT);
      source.columns.forEach((column, i) => {
        info.addResultColumn(column.name, types[i]);
      });
      info.setCardinality(source.rows, true);
    },
    initFunction: info => {
      const columns = info.getColumnIndexes().map((bound, column) => ({ column, index: bound - 1 }));
      const wanted = columns.filter(({ index }) => index >= 0);
      const scan: Scan = {
        batches: source.scan(wanted.map(({ index }) => index)),
        outputs: wanted.map(({ column, index }) => ({ column, writer: vectorWriter(source.columns[index]) })),
        rows: 0,
        start: 0,
      };
      info.setMaxThreads(SCAN_THREADS);
      info.setInitData(scan);
    },
    mainFunction: (info, output) => {
      const scan = info.getInitData() as Scan;
      try {
        // Batches may be empty, but a chunk without rows ends the scan.
        while (scan.start === scan.rows) {
          if (!nextBatch(scan)) {
            output.rowCount = 0;
            return;
          }
        }
        const rows = Math.min(VECTOR_ROWS, scan.rows - scan.start);
        output.rowCount = rows;
        for (const { column, writer } of scan.outputs) {
          writer.write(bindings().data_chunk_get_vector(output.chunk, column), scan.start, rows);
        }
        scan.start += rows;
      } catch (error) {
        onError(error);
        output.rowCount = 0;
        scan.start = scan.rows;
        info.setError(error instanceof Error ? error.message : String(error));
      }
    },
  });
}

function nextBatch(scan: Scan): boolean {
  const { done, value } = scan.batches.next();
  if (done) return false;
  scan.outputs.forEach(({ writer }, i) => {
    writer.load(value.columns[i], value.rows);
  });
  scan.rows = value.rows;
  scan.start = 0;
  return true;
}
