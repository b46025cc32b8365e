import { TraceReader } from '@p2mtrace/trace-format';
import { duckdb } from '../packages/analyzers/dist/sql/duckdb.js';
import { eventsSource } from '../packages/analyzers/dist/sql/events-source.js';
import { tableFunction } from '../packages/analyzers/dist/sql/table-function.js';

/** Writes the events of a trace as Parquet, through a DuckDB that may write files. */
export async function writeParquet(trace, parquet) {
  const reader = TraceReader.open(trace);
  const connection = await (await duckdb().DuckDBInstance.create(':memory:')).connect();
  connection.registerTableFunction(
    tableFunction('scan_events', eventsSource(reader, 'events'), error => {
      throw error;
    }),
  );
  await connection.run(`copy (select * from scan_events()) to '${parquet}' (format parquet)`);
  connection.closeSync();
  reader.close();
}
