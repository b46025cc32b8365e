import { createReadStream, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createGunzip, gunzipSync } from 'node:zlib';
import { importXentraceStream, SymbolTable, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, test } from 'vitest';
import { analyzeTrace } from '../src/index.js';

const CAPTURES = join(import.meta.dirname, '../../../../shared/captures');
const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** What the rules of consistency, gfn-range and altp2m-sharing find in a capture of Xen 4.22. */
async function analyzed(name: string, map: string) {
  const trace = join(folder, 'capture.arrow');
  const text = gunzipSync(readFileSync(join(CAPTURES, `${map}.symbols.gz`))).toString();
  const input = createReadStream(join(CAPTURES, `${name}.bin.gz`)).pipe(createGunzip());
  await importXentraceStream(input, name, trace, { xenVersion: '4.22', symbols: SymbolTable.parse(text, map) });
  const reader = TraceReader.open(trace);
  const { findings } = await analyzeTrace(reader, { only: ['consistency', 'gfn-range', 'altp2m-sharing'] });
  reader.close();
  return findings;
}

/** The frames that a hypervisor printed, one line a strike of its defect, and the place of each on that line. */
function struck(name: string, strike: RegExp): string[] {
  const text = readFileSync(join(CAPTURES, `${name}.truth.txt`), 'utf8');
  return Array.from(text.matchAll(strike), ([, domid, gfn, mfn]) => `d${domid} gfn 0x${gfn} mfn 0x${mfn}`).sort();
}

describe.skipIf(!existsSync(join(CAPTURES, 'healthy-422-shadow.bin.gz')))(
  'entries and counts in captures of Xen 4.22 (skipped where ../shared/captures is absent)',
  () => {
    test.each([
      ['healthy-422-pv-blk', 'xen-4.22'],
      ['healthy-422-shadow', 'xen-4.22'],
      ['healthy-422-3pcpu-2vcpu-lockwait', 'xen-4.22'],
      ['healthy-422-mem-sharing', 'xen-4.22-sharing-paging'],
      ['healthy-422-mem-paging', 'xen-4.22-sharing-paging'],
    ])('%s: nothing above a note', async (name, map) => {
      const findings = await analyzed(name, map);
      expect(findings.filter(({ severity }) => severity !== 'note')).toEqual([]);
    });

    test('planted-422-pod-entry-count: each strike, at the populate that did not count, and nothing else', async () => {
      const name = 'planted-422-pod-entry-count';
      const findings = await analyzed(name, name);
      expect(findings.map(({ rule, confidence, count }) => [rule, confidence, count])).toEqual([
        ['consistency.pod-entry-count', 'proven', 83],
      ]);
      const found = findings[0].occurrences.map(({ subject: s }) => `d${s.domid} gfn ${s.gfn} mfn ${s.mfn}`);
      expect(found.sort()).toEqual(struck(name, /d(\d+) gfn (\w+) mfn (\w+) populated/g));
    });

    test('planted-422-sharing-rmap-left: each unshare that left its gfn behind, and no consequence of it', async () => {
      const name = 'planted-422-sharing-rmap-left';
      const findings = await analyzed(name, name);
      expect(findings.map(({ rule, confidence, count }) => [rule, confidence, count])).toEqual([
        ['consistency.sharing-invariant', 'proven', 10],
      ]);
      const found = findings[0].occurrences.map(({ subject: s }) => `d${s.domid} gfn ${s.gfn} mfn ${s.mfn}`);
      expect(found.sort()).toEqual(struck(name, /d(\d+) gfn (\w+) unshared from mfn (\w+)/g));
    });
  },
);
