// Judges a trace and prints each finding with the events that show it.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { analyzeTrace } from '@p2mtrace/analyzers';
import { importNdjson, TraceReader } from '@p2mtrace/trace-format';

const text = join(import.meta.dirname, '../corpus/rules/use-after-unmap.stale-translation/trace.ndjson');
const trace = join(mkdtempSync(join(tmpdir(), 'p2mtrace-')), 'trace.arrow');
await importNdjson(text, text, trace);

const reader = TraceReader.open(trace);
const { findings, notChecked } = await analyzeTrace(reader);
for (const { severity, confidence, rule, count, occurrences } of findings) {
  console.log(`${severity} (${confidence}) ${rule}: ${count}`);
  for (const { subject, witness } of occurrences) {
    console.log(`  ${JSON.stringify(subject)}: ${witness.map(({ seq, role }) => `${role} #${seq}`).join(', ')}`);
  }
}
for (const { rule, reason } of notChecked) console.log(`not checked: ${rule}: ${reason}`);
reader.close();
