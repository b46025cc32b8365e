// Imports a gzipped capture as it is read: the way of a pipe from xentrace.
import { createReadStream, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import { importXentraceStream, TraceReader } from '@p2mtrace/trace-format';

const capture = join(import.meta.dirname, '../captures/stock-mem-pvh.bin.gz');
const trace = join(mkdtempSync(join(tmpdir(), 'p2mtrace-')), 'trace.arrow');

const stream = createReadStream(capture).pipe(createGunzip());
const { health } = await importXentraceStream(stream, capture, trace, { xenVersion: '4.17.7', tscHz: 2.5e9 });
console.log(`${health.records} records, ${health.skippedBytes} bytes skipped, order ${health.order.confidence}`);

const reader = TraceReader.open(trace);
console.log(`${reader.rows} events in ${trace}`);
for (const [kind, count] of Object.entries(reader.metadata.counts)) console.log(`${kind}: ${count}`);
reader.close();
