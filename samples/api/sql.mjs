// Asks a trace with SQL. Facts are replayed when a query first names one of their tables.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openTraceSession } from '@p2mtrace/analyzers';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';

const text = join(import.meta.dirname, '../corpus/rules/refcount.leak/trace.ndjson');
const trace = join(mkdtempSync(join(tmpdir(), 'p2mtrace-')), 'trace.arrow');
await importNdjson(text, text, trace);

const reader = TraceReader.open(trace);
const session = await openTraceSession(reader);
try {
  const { columns, rows } = await session.runAll(`
    select hex(r.mfn) as mfn, r.kind, r.from_seq, r.to_seq, c.symbol
    from ref_spans r left join callers c on c.id = r.from_caller
    order by r.from_seq`);
  console.log(columns.map(({ name }) => name).join(' '));
  // 64-bit values are bigint.
  for (const row of rows) console.log(row.map(value => String(value)).join(' '));
} finally {
  // Ends what still runs; until then the process must not exit.
  await session.close();
  reader.close();
}
