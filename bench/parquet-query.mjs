import { duckdb } from '../packages/analyzers/dist/sql/duckdb.js';

// The yardstick of `p2mtrace sql`: a cold process in which DuckDB answers the same query over the same data in Parquet.
const [parquet, query] = process.argv.slice(2);
const connection = await (await duckdb().DuckDBInstance.create(':memory:')).connect();
await connection.run(`create view events as select * from '${parquet}'`);
const result = await connection.runAndReadAll(query);
for (const row of result.getRows()) console.log(row.join(','));
