import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { capture, fine, HAS_CAPTURES, needsBuild, tempDir } from './support/cli.js';

needsBuild();
const temp = tempDir();
const hasXenalyze = spawnSync('xenalyze', ['--help']).error === undefined;
if (!hasXenalyze) console.warn('skipped: comparison with xenalyze, as it is not installed (Debian: xen-utils-common)');

const LINE = / (set_p2m_entry|pod_populate|pod_zero_reclaim) d(\d+) o(\d+)(?: t (\d+))? g ([0-9a-f]+) m ([0-9a-f]+)/;
const INVALID_MFN = 'f'.repeat(16);
/** p2m_type_t as numbered since Xen 4.2 (docs/xen.md#p2m-types), which xenalyze prints as numbers. */
const TYPES = ['ram_rw', 'invalid', 'ram_logdirty', 'ram_ro', 'mmio_dm', 'mmio_direct', 'populate_on_demand'];

describe.skipIf(!HAS_CAPTURES || !hasXenalyze)('against xenalyze', () => {
  it('gives the p2m records of stock-all-pvh.bin, each in the order of its pcpu', { timeout: 120_000 }, () => {
    const file = capture('stock-all-pvh.bin');
    const { stdout } = spawnSync('xenalyze', ['--svm-mode', '-a', file], { encoding: 'utf8', maxBuffer: 1 << 30 });
    const theirs: string[][] = [[], []];
    for (const line of stdout.split('\n')) {
      const match = LINE.exec(line);
      if (match === null) continue;
      const [, name, domid, order, type, gfn, mfn] = match;
      // One column a pcpu stands before the vcpu: x where it was, -, | or a blank for the others.
      const pcpu = /^ *\d+\.\d+ ([-|x. ]+) /.exec(line)![1].indexOf('x');
      theirs[pcpu].push([name, domid, order, type === undefined ? '' : TYPES[Number(type)], gfn, mfn].join(' '));
    }

    fine(['import', file, '-o', temp('all.arrow'), '-q']);
    const events = fine(['export', temp('all.arrow')]).stdout;
    const ours: string[][] = [[], []];
    for (const line of events.split('\n')) {
      if (!/"kind":"(set_entry|pod_populate|pod_zero_reclaim)"/.test(line)) continue;
      const { kind, pcpu, domid, order, p2m_type = '', gfn, mfn } = JSON.parse(line);
      const name = kind === 'set_entry' ? 'set_p2m_entry' : kind;
      ours[pcpu].push([name, domid, order, p2m_type, gfn.slice(2), mfn?.slice(2) ?? INVALID_MFN].join(' '));
    }

    // The captures' README: 50,005 set_p2m_entry, 10,937 pod_populate, 13,430 pod_zero_reclaim.
    expect(theirs.flat()).toHaveLength(50_005 + 10_937 + 13_430);
    for (const pcpu of [0, 1]) expect(ours[pcpu].join('\n') === theirs[pcpu].join('\n')).toBe(true);
  });
});
