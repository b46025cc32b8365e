import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { importNdjson, importXentraceFile, SymbolTable, TraceReader } from '@p2mtrace/trace-format';
import { expect, test } from 'vitest';
import { tempDir } from '../../trace-format/test/support/temp-dir.js';
import { analyzeTrace } from '../src/index.js';

const SAMPLES = join(import.meta.dirname, '../../../samples/captures');
const path = tempDir();

async function judged(trace: string) {
  const reader = TraceReader.open(trace);
  const { findings, divergences } = await analyzeTrace(reader);
  reader.close();
  return { findings: findings.filter(({ severity }) => severity !== 'note'), divergences };
}

async function judgedSlice(name: string) {
  await importNdjson(join(SAMPLES, name), name, path('slice.arrow'));
  return judged(path('slice.arrow'));
}

test('balloon-4.22.bin.gz is healthy, though it begins in mid-life', async () => {
  writeFileSync(path('balloon.bin'), gunzipSync(readFileSync(join(SAMPLES, 'balloon-4.22.bin.gz'))));
  await importXentraceFile(path('balloon.bin'), path('balloon.arrow'), { xenVersion: '4.22' });
  const reader = TraceReader.open(path('balloon.arrow'));
  // 182 pages are given back: each loses its allocation's reference, once.
  expect(reader.metadata.counts).toMatchObject({ alloc_ref_drop: 182, page_free: 182 });
  reader.close();
  expect(await judged(path('balloon.arrow'))).toEqual({ findings: [], divergences: [] });
});

// What the hypervisor printed is in samples/README.md.
test('xsa247.ndjson: gfn 0x6600 stays mapped while mfn 0x53800 goes into the PoD cache', async () => {
  const { findings } = await judgedSlice('xsa247.ndjson');
  expect(findings).toMatchObject([{ rule: 'consistency.pod-accounting', confidence: 'proven', count: 1 }]);
  expect(findings[0].occurrences[0].subject).toMatchObject({ domid: 1, mfn: '0x53800' });
});

test('late-reference.ndjson: get_page on mfn 0x34f89 after the entry of gfn 0x653a had changed', async () => {
  const { findings } = await judgedSlice('late-reference.ndjson');
  expect(findings).toMatchObject([{ rule: 'use-after-unmap.late-reference', confidence: 'proven', count: 1 }]);
  expect(findings[0].occurrences[0].subject).toMatchObject({ domid: 1, gfn: '0x653a', mfn: '0x34f89' });
});

// What the hypervisor printed at its 16th strike, before it stopped: d1 gfn 85e2 mfn 378c7 in decrease_reservation.
test('panic-4.17.bin.gz: mfn 0x378c7 goes into the PoD cache while gfn 0x85e2 maps it; then Xen stops under its locks', async () => {
  writeFileSync(path('panic.bin'), gunzipSync(readFileSync(join(SAMPLES, 'panic-4.17.bin.gz'))));
  const names = readFileSync(join(SAMPLES, 'panic-4.17.symbols'), 'utf8');
  const symbols = SymbolTable.parse(names, 'panic-4.17.symbols');
  await importXentraceFile(path('panic.bin'), path('panic.arrow'), { xenVersion: '4.17.5', symbols });
  const { findings, divergences } = await judged(path('panic.arrow'));
  expect(divergences).toEqual([]);
  expect(findings).toMatchObject([{ rule: 'consistency.pod-accounting', confidence: 'proven', count: 1 }]);
  expect(findings[0].occurrences[0].subject).toMatchObject({ domid: 1, mfn: '0x378c7' });
  expect(findings[0].signature).toContain('p2m_pod_decrease_reservation');
});

test('m2p-left.ndjson: mfn 0x32b9c goes into the PoD cache, and its M2P entry stays gfn 0x699c', async () => {
  const { findings } = await judgedSlice('m2p-left.ndjson');
  expect(findings).toMatchObject([{ rule: 'consistency.m2p-mismatch', confidence: 'proven', count: 1 }]);
  expect(findings[0].occurrences[0].subject).toMatchObject({ domid: 1, gfn: '0x699c', mfn: '0x32b9c' });
  expect(findings[0].signature).toContain('site=decrease_reservation');
});

// Recorded on Xen 4.22 with paging inside of p2m on both pcpus; on pcpu 1 the two were then exchanged by hand.
test('exchanged-locks.ndjson: pcpu 1 with paging and pcpu 0 with p2m could have waited for each other', async () => {
  const { findings } = await judgedSlice('exchanged-locks.ndjson');
  expect(findings.map(({ rule, confidence }) => `${rule} ${confidence}`)).toEqual([
    'lock-order.level proven',
    'lock-order.predicted-deadlock likely',
  ]);
  expect(findings[1].occurrences[0].witness).toMatchObject([
    { role: 'held_1', seq: 2 },
    { role: 'wanted_1', seq: 3 },
    { role: 'held_2', seq: 6 },
    { role: 'wanted_2', seq: 7 },
  ]);
  const recorded = readFileSync(join(SAMPLES, 'exchanged-locks.ndjson'), 'utf8').split('\n');
  // As it was recorded: the acquisitions of pcpu 1, and then its releases, the other way round.
  const inOrder = [4, 3, 6, 5].map((line, i) => recorded[line].replace(/"seq":\d+/, `"seq":${i + 2}`));
  writeFileSync(path('recorded.ndjson'), [...recorded.slice(0, 3), ...inOrder, ...recorded.slice(7)].join('\n'));
  await importNdjson(path('recorded.ndjson'), 'recorded.ndjson', path('recorded.arrow'));
  expect((await judged(path('recorded.arrow'))).findings).toEqual([]);
});
