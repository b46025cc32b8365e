// Stands at two points of a trace and looks at the state there.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replay } from '@p2mtrace/replayer';
import { hex, importNdjson } from '@p2mtrace/trace-format';

const text = join(import.meta.dirname, '../corpus/rules/refcount.leak/trace.ndjson');
const path = join(mkdtempSync(join(tmpdir(), 'p2mtrace-')), 'trace.arrow');
await importNdjson(text, text, path);

const trace = replay(path);
// Before the entry is removed, and at its end.
for (const position of ['#6', 'end']) {
  const state = trace.at(position);
  console.log(`after event ${state.seq}`);
  for (const { domid, view, by_type: types } of state.p2mSummaries()) {
    console.log(`  domain ${domid} ${view}: ${JSON.stringify(types)}`);
  }
  for (const { gfn, mfn, p2m_type: type, set_seq: seq } of state.p2mRows()) {
    console.log(`  gfn ${hex(gfn)} -> ${mfn === null ? 'no mfn' : `mfn ${hex(mfn)}`} (${type}), set at #${seq}`);
  }
  for (const page of state.pageRows()) console.log(`  mfn ${hex(page.mfn)}: count ${page.count}, ${page.count_flags}`);
}
const { owner, count } = trace.at(trace.start).page(0x12040);
console.log(`before the first event, mfn 0x12040: owner ${owner}, count ${count}`);
trace.close();
