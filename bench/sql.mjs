import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { importXentraceFile, TraceReader } from '@p2mtrace/trace-format';
import { writeParquet } from './parquet.mjs';
import { paired, seconds } from './timing.mjs';
import { DATA, makeYardstick } from './yardstick.mjs';

const CLI = join(import.meta.dirname, '../cli/bin/p2mtrace.js');
/** Repetitions of the capture: 5.2 million events. */
const REPEATS = 6;
const SMALL = join(DATA, 'five-million.arrow');
const PARQUET = join(DATA, 'five-million.parquet');
const QUERY = 'select kind, count(*) from events group by kind';

/** A cold `group by kind` over 5 million events, against DuckDB on the same data in Parquet. Target: 2.5 times. */
export async function benchSql() {
  if (!existsSync(PARQUET)) {
    await importXentraceFile(makeYardstick(REPEATS), SMALL);
    await writeParquet(SMALL, PARQUET);
  }
  const reader = TraceReader.open(SMALL);
  const { rows } = reader;
  reader.close();
  const result = paired(
    [process.execPath, [CLI, 'sql', SMALL, QUERY, '--format', 'csv']],
    [process.execPath, [join(import.meta.dirname, 'parquet-query.mjs'), PARQUET, QUERY]],
  );
  console.log(
    `sql: ${(rows / 1e6).toFixed(1)} million events, ${seconds(result.ours)}, Parquet ${seconds(result.yardstick)}, ` +
      `ratio ${result.ratio.toFixed(2)} (at most 2.5)`,
  );
}
