import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { capture, fine, HAS_CAPTURES, needsBuild, p2mtrace, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const SAMPLE = '../../samples/corpus/rules/use-after-unmap.stale-translation/trace.ndjson';
beforeAll(() => {
  fine(['import', fileURLToPath(new URL(SAMPLE, import.meta.url)), '-o', temp('stale.arrow'), '-q']);
});

interface Report {
  readonly findings: { readonly id: string; readonly confidence: string; readonly occurrences: object[] }[];
}
const findings = (trace: string, rule: string): Report['findings'] =>
  JSON.parse(p2mtrace(['analyze', trace, '--only', rule, '--format', 'json']).stdout).findings;

describe('slice', () => {
  it('writes a small trace with the same finding, and says which events it has', () => {
    const { stdout } = fine(['slice', temp('stale.arrow'), 'use-after-unmap', '-o', temp('small.arrow')]);
    const [found] = findings(temp('stale.arrow'), 'use-after-unmap');
    expect(stdout.split('\n').slice(0, 3)).toEqual([
      `${temp('small.arrow')}: 3 events of 9, behind 2 snapshots; none can go`,
      '#4 #6 #8',
      `p2mtrace explain ${temp('small.arrow')} ${found.id}`,
    ]);
    fine(['validate', temp('small.arrow')]);
    expect(findings(temp('small.arrow'), 'use-after-unmap').map(({ id }) => id)).toEqual([found.id]);
    expect(fine(['explain', temp('small.arrow'), found.id]).stdout).toContain('mapped: 1:0x3a0 (host)\n');
  });

  it('leaves nothing where it can write nothing, or is asked for nothing that is there', () => {
    expect(p2mtrace(['slice', temp('stale.arrow'), 'refcount', '-o', temp('none.arrow')])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('P2M_FINDING'),
    });
    expect(existsSync(temp('none.arrow'))).toBe(false);
    expect(p2mtrace(['slice', temp('stale.arrow'), 'use', '-o', temp('stale.arrow')])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('P2M_SAME_FILE'),
    });
    expect(p2mtrace(['slice', temp('stale.arrow'), 'use', '-o', temp('absent/x.arrow')]).code).toBe(2);
  });

  it.skipIf(!HAS_CAPTURES)('of a real capture is a handful of its 1.7 million events', () => {
    const symbols = ['--symbols', capture('instrumented.symbols')];
    fine(['import', capture('planted-1.bin'), '-o', temp('planted-1.arrow'), '-q', ...symbols]);
    const options = ['-o', temp('leak.arrow'), '--no-index', '--format', 'json'];
    const { stdout } = fine(['slice', temp('planted-1.arrow'), 'refcount.leak#5', ...options]);
    const { seqs, context, isMinimal, of } = JSON.parse(stdout);
    expect({ isMinimal, of }).toEqual({ isMinimal: true, of: 1_696_037 });
    expect(seqs.length).toBeLessThan(20);
    expect(seqs).toEqual(expect.arrayContaining(context));
    // The get that is left, and the write that ended the mapping.
    const { stdout: events } = fine(['export', temp('leak.arrow')]);
    expect(events).toContain('"kind":"get_page"');
    expect(events).toMatch(/"kind":"set_entry".*"p2m_type":"invalid"/);
    const [found] = findings(temp('leak.arrow'), 'refcount.leak');
    expect(found).toMatchObject({ confidence: 'proven', occurrences: [{ subject: { count: 1 } }] });
    // It is one of those that the hypervisor itself says it leaked.
    const truth = readFileSync(capture('planted-1.truth.txt'), 'utf8');
    const [{ subject }] = found.occurrences as { subject: { mfn: string } }[];
    expect(truth).toContain(` mfn ${subject.mfn.slice(2)} `);
  });
});
