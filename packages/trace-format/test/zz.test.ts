import { readFileSync } from 'node:fs';
import { tableFromIPC as flech } from '@uwdata/flechette';
import { RecordBatch, Table, tableFromIPC, tableToIPC } from 'apache-arrow';
import { COLUMN_NAMES, TraceReader, validateTrace } from '@p2mtrace/trace-format';
import { test } from 'vitest';
import { writeFileSync } from 'node:fs';
import { writeRows, rowsOf, type Row } from './support/rows.js';
import { tempDir } from './support/temp-dir.js';
const path = tempDir();
test('x', () => {
  const rows: Row[] = [
    { kind: 'lock_acquire', lock: 0xffff8300_0000_1234n, mode: 'write', caller: 5n, symbol: 'é', tsc: (1n<<63n)+1n, tsc_own: true, lock_class: 'foo' },
    { kind: 'mark', arg0: 77n },
    { kind: 'unknown', arg0: 1n, raw: '0001' },
    { kind: 'set_entry', domid: 1, gfn: 5n, order: 9, p2m_type: 'ram_ro', view: 'altp2m:2', rc: -22, flags: 3 },
    { kind: 'lock_acquire', lock: 7n, mode: 'write', symbol: 'b', lock_class: 'bar' },
  ];
  writeRows(path('a'), rows, 3);
  const bytes = readFileSync(path('a'));
  console.log(bytes.length, validateTrace(path('a')));
  const f = flech(new Uint8Array(bytes), { useBigInt: true });
  const a = tableFromIPC(bytes);
  if (0) for (const n of COLUMN_NAMES) console.log(n, [...Array(5).keys()].map(i => f.getChild(n)!.at(i)), [...Array(5).keys()].map(i => a.getChild(n)!.get(i)));
  for (const form of ['file','stream'] as const) {
    writeFileSync(path('b'), tableToIPC(new Table(a.schema, a.batches.map(b => new RecordBatch(a.schema, b.data))), form));
    try { console.log(validateTrace(path('b'))); const r = TraceReader.open(path('b')); console.log(r.damage, rowsOf(r)); } catch (e) { console.log(form, e); }
  }
});
