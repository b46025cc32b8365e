import { spawnSync } from 'node:child_process';
import { readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { capture, fine, HAS_CAPTURES, needsBuild, p2mtrace, tempDir } from './support/cli.js';
import { COUNTED_CAPTURES, readmeCounts } from './support/counts.js';

needsBuild();
const temp = tempDir();

describe.skipIf(!HAS_CAPTURES)('import of real captures', () => {
  it.each(COUNTED_CAPTURES)('counts the records of %s as the independent decoder did', name => {
    const { stdout, stderr } = fine(['import', capture(`${name}.bin`), '-o', temp(`${name}.arrow`), '--json']);
    const { health } = JSON.parse(stdout);
    const expected = readmeCounts(name);
    const listed = Object.entries(health.byId as Record<string, number>).filter(([id]) => expected.byId[id]);
    expect(Object.fromEntries(listed)).toEqual(expected.byId);
    expect(health.records).toBe(expected.all);
    const sum = Object.values(expected.byId).reduce((a, b) => a + b, 0);
    expect(health.records - sum).toBe(expected.other);
    expect(health.skippedBytes).toBe(0);
    expect(stderr).toContain(`${expected.all.toLocaleString('en-US')} records`);
  });

  it('tells the records that were lost', () => {
    const { stderr } = p2mtrace(['import', capture('instrumented-pvh-lost.bin'), '-o', temp('lost.arrow')]);
    // The captures' README: 41,210 records lost once.
    expect(stderr).toMatch(/lost +41,210 on pcpu \d/);
  });

  it('says that the order of a capture without TSCs is approximate, and of a dense one exact', () => {
    const sparse = fine(['import', capture('stock-mem-pvh.bin'), '-o', temp('sparse.arrow')]).stderr;
    expect(sparse).toMatch(/order +approximate: .* have no TSC/);
    expect(sparse).toMatch(/can't check use-after-unmap, 9 of 9 rules: no lookup, /);
    const dense = fine(['import', capture('stock-all-pvh.bin'), '-o', temp('dense.arrow')]).stderr;
    expect(dense).toMatch(/order +exact/);
  });

  // The same name, so that the metadata is the same too.
  it.each(['stock-mem-pvh', 'stock-mem-pvh-migrate', 'instrumented-pvh-lost'])(
    'makes the same trace of %s from a file, a pipe and a gzip',
    name => {
      const folder = spawnSync('mkdir', [temp(name)]);
      expect(folder.status).toBe(0);
      const cwd = temp(name);
      symlinkSync(capture(`${name}.bin`), `${cwd}/-`);
      const bytes = readFileSync(capture(`${name}.bin`));
      fine(['import', './-', '-o', 'file.arrow'], { cwd });
      fine(['import', '-', '-o', 'pipe.arrow'], { cwd, input: bytes });
      fine(['import', '-', '-o', 'gzip.arrow'], { cwd, input: gzipSync(bytes, { level: 1 }) });
      const file = readFileSync(`${cwd}/file.arrow`);
      expect(file.equals(readFileSync(`${cwd}/pipe.arrow`))).toBe(true);
      expect(file.equals(readFileSync(`${cwd}/gzip.arrow`))).toBe(true);
      writeFileSync(`${cwd}/named.bin.gz`, gzipSync(bytes, { level: 1 }));
      fine(['import', 'named.bin.gz', '-o', 'named.arrow'], { cwd });
      const events = (trace: string) => fine(['export', trace], { cwd }).stdout;
      expect(events('named.arrow') === events('file.arrow')).toBe(true);
    },
  );

  it('makes the same trace again of its own NDJSON', () => {
    fine(['import', capture('stock-mem-pv-blk.bin'), '-o', temp('once.arrow')]);
    fine(['export', temp('once.arrow'), '--format', 'ndjson', '-o', temp('once.ndjson')]);
    fine(['import', temp('once.ndjson'), '-o', temp('twice.arrow')]);
    const again = fine(['export', temp('twice.arrow')]).stdout;
    expect(again === readFileSync(temp('once.ndjson'), 'utf8')).toBe(true);
    // 7,388 records less 12 CPU_CHANGE (README), and the header.
    expect(again.split('\n').length - 1).toBe(7388 - 12 + 1);
  });
});
