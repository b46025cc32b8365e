import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { importXentraceFile, SymbolTable, TraceReader } from '@p2mtrace/trace-format';
import { afterAll, describe, expect, test } from 'vitest';
import { analyzeTrace, RULES } from '../src/index.js';

const CAPTURES = join(import.meta.dirname, '../../../../shared/captures');
const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function analyzed(name: string) {
  const trace = join(folder, `${name}.arrow`);
  const map = join(CAPTURES, 'instrumented.symbols');
  const symbols = SymbolTable.parse(readFileSync(map, 'utf8'), map);
  await importXentraceFile(join(CAPTURES, name), trace, { symbols, tscHz: 2_500_000_000 });
  const reader = TraceReader.open(trace);
  const report = await analyzeTrace(reader);
  reader.close();
  rmSync(trace);
  return report;
}

describe.skipIf(!existsSync(CAPTURES))('captures (skipped where ../shared/captures is absent)', () => {
  test('planted-1.bin: the leaked references that its hypervisor printed, and nothing else', async () => {
    // leaked ref: d1 gfn 8e07 mfn 122607 count_info 1
    const truth = readFileSync(join(CAPTURES, 'planted-1.truth.txt'), 'utf8')
      .trim()
      .split('\n')
      .map(line => /d(\d+) gfn (\w+) mfn (\w+)/.exec(line)?.slice(1) ?? [])
      .map(([domid, gfn, mfn]) => `d${domid} gfn 0x${gfn} mfn 0x${mfn}`);
    expect(truth).toHaveLength(37);
    const { findings } = await analyzed('planted-1.bin');
    expect(findings.map(({ rule, confidence, count }) => ({ rule, confidence, count }))).toEqual([
      { rule: 'refcount.leak', confidence: 'proven', count: 37 },
    ]);
    const found = findings[0].occurrences.map(({ subject: s }) => `d${s.domid} gfn ${s.gfn} mfn ${s.mfn}`);
    expect(found.sort()).toEqual(truth.sort());
    // The reference of each removal of a page was taken inside the p2m lock; get_page itself has no call site there.
    expect(findings[0].of).toEqual({ times: 20_030, what: 'references taken', at: 'site' });
    expect(findings[0].signature).toBe('refcount.leak');
    expect(findings[0].occurrences[0].subject.taken_under_lock_of).toBe('p2m_get_gfn_type_access');
  });

  test.each(['instrumented-pvh.bin', 'instrumented-pvh-lost.bin', 'instrumented-pv-blk.bin', 'stock-all-pvh.bin'])(
    '%s is healthy: nothing is found',
    async name => {
      expect((await analyzed(name)).findings).toEqual([]);
    },
  );

  test.each(['stock-mem-pvh.bin', 'stock-mem-pvh-migrate.bin', 'stock-mem-pv-blk.bin'])(
    '%s, of a stock hypervisor, has little of what the rules need, and says so',
    async name => {
      const { findings, notChecked } = await analyzed(name);
      expect(findings).toEqual([]);
      expect(notChecked).toContainEqual({ rule: 'lock-order.level', reason: 'no lock_acquire events in this trace' });
      expect(notChecked.length).toBeLessThan(RULES.length);
    },
  );
});
