// Replays a trace and looks at the state that it ends with.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { p2mRows, p2mSummaries, pageRows, replayTrace } from '@p2mtrace/replayer';
import { hex, importNdjson, TraceReader } from '@p2mtrace/trace-format';

const text = join(import.meta.dirname, '../rules/refcount.leak/fires.ndjson');
const trace = join(mkdtempSync(join(tmpdir(), 'p2mtrace-')), 'trace.arrow');
await importNdjson(text, text, trace);

const reader = TraceReader.open(trace);
// Events 0 to 4, before the entry is removed; then all of them.
for (const until of [5, undefined]) {
  const replayer = replayTrace(reader, { until });
  console.log(`after ${replayer.seq} events`);
  for (const { domid, view, by_type: types } of p2mSummaries(replayer, reader.names)) {
    console.log(`  domain ${domid} ${view}: ${JSON.stringify(types)}`);
  }
  for (const { gfn, mfn, p2m_type: type, set_seq: seq } of p2mRows(replayer, reader.names)) {
    console.log(`  gfn ${hex(gfn)} -> ${mfn === null ? 'no mfn' : `mfn ${hex(mfn)}`} (${type}), set at #${seq}`);
  }
  for (const page of pageRows(replayer))
    console.log(`  mfn ${hex(page.mfn)}: count ${page.count}, ${page.count_flags}`);
}
reader.close();
