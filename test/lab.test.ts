import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { withSourcePackages } from '../record/lab/lib/apt.mjs';
import { contentOf, kept } from '../record/lab/lib/kept.mjs';
import { costsIn, overheadTable } from '../record/lab/lib/overhead.mjs';
import { compare, strikesIn } from '../record/lab/lib/strikes.mjs';
import { tableOf } from '../record/lab/lib/table.mjs';
import { copyTree, stampOfTree, versionOf } from '../record/lab/lib/xen-source.mjs';

const CONSOLE = `(XEN) d1v0 something else
(XEN) LAB leak #1 tsc=1000000000 cpu=1 domid=1 gfn=5765 mfn=5e241 in guest_remove_page
(XEN) [ 12.1] LAB leak #2 tsc=2000000000 cpu=0 domid=2 gfn=12 mfn=5e242 in guest_remove_page\r
(XEN) LAB flush_dropped #3 tsc=3000000000 cpu=0 domid=2 gfn=ffffffffffffffff mfn=ffffffffffffffff in hap_write_p2m_entry_post
(XEN) LAB leak #4 tsc=9000000000 cpu=0 domid=2 gfn=13 mfn=5e243 in guest_remove_page
`;

/** An occurrence of refcount.leak about a page, with one witness. */
const leak = (mfn: number, tsc: number, symbol = 'guest_remove_page') => ({
  rule: 'refcount.leak',
  signature: 'refcount.leak',
  subject: { mfn: `0x${mfn.toString(16)}`, domid: 1, gfn: null },
  witness: [{ role: 'acquired', seq: 1, tsc, domid: null, gfn: null, mfn, symbol }],
});
const OPTIONS = { rules: { leak: ['refcount.leak'], flush_dropped: [] }, lastTsc: 5e9 };
/** Of one fault. */
const of = (result: ReturnType<typeof compare>, fault = 'leak') => result.faults.find(one => one.fault === fault);

describe('overhead', () => {
  const console = (ns: readonly number[]) =>
    ns.map(one => `(XEN) other\nLAB: cost balloon ${one} ns (18.5 s)\nLAB: ready: g1 (19 s)\n`).join('');

  test('is told against the stock hypervisor, beside what its rounds differ by', () => {
    const costs = (...ns: number[]) => costsIn(console(ns));
    expect(costs(5, 4.5)).toEqual(new Map([['balloon', [5, 4.5]]]));
    const found = new Map([
      ['stock', costs(1000, 1100, 900)],
      ['off', costs(1010, 1010, 5000)],
      ['on', costs(2e6, 3e6, 2.5e6)],
    ]);
    const [, , row] = overheadTable(found).split('\n');
    expect(row).toBe('| balloon | 1.00 µs | 20.0 % | 1.01 µs (1.0 %) | 0.00 s (249900.0 %) |');
  });
});

describe('strikes', () => {
  test('are read from a console with other lines; all bits set is no frame', () => {
    const strikes = strikesIn(CONSOLE);
    expect(strikes.map(({ n, mfn }) => [n, mfn])).toEqual([
      [1, 0x5e241],
      [2, 0x5e242],
      [3, null],
      [4, 0x5e243],
    ]);
    expect(strikes[0]).toMatchObject({
      fault: 'leak',
      tsc: 1e9,
      cpu: 1,
      domid: 1,
      gfn: 0x5765,
      where: 'guest_remove_page',
    });
  });

  test('are found by their frame; one that no finding is about is missed, and behind the last record not counted', () => {
    const [first, second, , last] = strikesIn(CONSOLE);
    const result = compare([first, second, last], [leak(0x5e241, 1.1e9)], OPTIONS);
    expect(of(result)).toEqual({
      ...{ fault: 'leak', strikes: 2, unrecorded: 1, found: 1, expected: 1, named: 1 },
      missed: [second],
    });
    expect(result.others).toEqual([]);
  });

  test('a finding about the same frame that was over before is another matter', () => {
    const result = compare(strikesIn(CONSOLE).slice(0, 1), [leak(0x5e241, 0.7e9)], OPTIONS);
    expect(of(result)?.found).toBe(0);
    expect(result.others).toEqual([leak(0x5e241, 0.7e9)]);
  });

  test('the same gfn of the same domain is the frame, too; of another domain it is not', () => {
    const about = (domid: number) => ({ ...leak(1, 1.5e9), subject: { domid, gfn: '0x5765' } });
    const [strike] = strikesIn(CONSOLE);
    expect(of(compare([strike], [about(1)], OPTIONS))?.found).toBe(1);
    expect(of(compare([strike], [about(2)], OPTIONS))?.found).toBe(0);
  });

  test('one without a frame is found by its domain and time', () => {
    const strike = strikesIn(CONSOLE)[2];
    const at = (domid: number, tsc: number) => {
      const [witness] = leak(1, tsc).witness;
      return { ...leak(1, tsc), witness: [{ ...witness, domid }] };
    };
    expect(of(compare([strike], [at(2, 3.1e9)], OPTIONS), 'flush_dropped')?.found).toBe(1);
    expect(of(compare([strike], [at(1, 3.1e9)], OPTIONS), 'flush_dropped')?.found).toBe(0);
    expect(of(compare([strike], [at(2, 4.9e9)], OPTIONS), 'flush_dropped')?.found).toBe(0);
  });

  test('one of locks, which have no frames, is found by its domain and time, too', () => {
    const strike = { ...strikesIn(CONSOLE)[0], mfn: null };
    const [witness] = leak(1, 1.1e9).witness;
    const about = (mfn: number | null) => ({ ...leak(1, 1.1e9), subject: {}, witness: [{ ...witness, mfn }] });
    expect(of(compare([strike], [about(null)], OPTIONS))?.found).toBe(1);
    expect(of(compare([strike], [about(7)], OPTIONS))?.found).toBe(0);
  });

  test('another rule and another function are seen', () => {
    const [strike] = strikesIn(CONSOLE);
    const other = { ...leak(0x5e241, 1e9, 'put_page'), rule: 'refcount.orphaned' };
    expect(of(compare([strike], [other], OPTIONS))).toMatchObject({ found: 1, expected: 0, named: 0 });
  });

  test('of several faults are counted one by one', () => {
    const result = compare(strikesIn(CONSOLE).slice(0, 3), [leak(0x5e241, 1.1e9), leak(0x1, 1e9)], OPTIONS);
    expect(result.faults.map(({ fault, strikes, found }) => [fault, strikes, found])).toEqual([
      ['leak', 2, 1],
      ['flush_dropped', 1, 0],
    ]);
    expect(result.others).toEqual([leak(0x1, 1e9)]);
  });

  test('make a table', () => {
    const about = { scenario: 'balloon', xen: '4.17.5', others: 1, divergences: 0 };
    const rows = [
      { ...about, fault: 'leak', ended: 'panic', strikes: 4, found: 3, expected: 2, named: 4 },
      { ...about, fault: null, ended: 'done' },
    ];
    expect(tableOf(rows).split('\n').slice(2, 4)).toEqual([
      '| `leak` | balloon | 4.17.5 (panic) | 4 | 3 (75 %) | 2 (50 %) | 4 (100 %) | 1 | 0 |',
      '| – | balloon | 4.17.5 | – | – | – | – | 1 | 0 |',
    ]);
  });
});

describe('steps', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'p2mtrace-lab-test-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const silent = () => {};

  test('are made once for the same inputs, and again after a failure or for others', async () => {
    let made = 0;
    const make = async () => {
      made++;
    };
    const first = await kept(folder, 'step', { a: 1 }, make, silent);
    expect(await kept(folder, 'step', { a: 1 }, make, silent)).toBe(first);
    expect(made).toBe(1);
    expect(await kept(folder, 'step', { a: 2 }, make, silent)).not.toBe(first);
    expect(made).toBe(2);
    const failing = () => Promise.reject(new Error('no'));
    await expect(kept(folder, 'step', { a: 3 }, failing, silent)).rejects.toThrow('no');
    await kept(folder, 'step', { a: 3 }, make, silent);
    expect(made).toBe(3);
  });

  test('a tree is copied without what a build left in it, which is no part of its stamp either', () => {
    const tree = join(folder, 'xen');
    const write = (path: string, text: string) => {
      mkdirSync(join(tree, path, '..'), { recursive: true });
      writeFileSync(join(tree, path), text);
    };
    for (const path of ['xen/common/memory.c', 'tools/xl/xl.c', 'Config.mk']) write(path, path);
    const stamp = stampOfTree(tree);
    for (const path of ['xen/common/memory.o', 'xen/.config', 'tools/qemu-xen-dir/x.c', '.git/HEAD']) write(path, '');
    expect(stampOfTree(tree)).toBe(stamp);
    const copy = join(folder, 'copy');
    copyTree(tree, copy);
    expect(stampOfTree(join(copy, 'tree'))).toBe(stamp);
    expect(existsSync(join(copy, 'tree/xen/.config'))).toBe(false);
    write('tools/xl/xl.c', 'changed');
    expect(stampOfTree(tree)).not.toBe(stamp);
  });

  test('a stamp depends on contents and names, not on place or time', () => {
    const [one, two] = ['one', 'two'].map(name => join(folder, name));
    for (const path of [one, two]) {
      mkdirSync(join(path, 'sub'), { recursive: true });
      writeFileSync(join(path, 'sub', 'f'), 'text');
    }
    utimesSync(join(two, 'sub', 'f'), 1, 1);
    expect(contentOf([one])).toBe(contentOf([two]));
    writeFileSync(join(two, 'sub', 'f'), 'texts');
    expect(contentOf([one])).not.toBe(contentOf([two]));
  });

  test('a version is read from a tree; another folder is refused', () => {
    mkdirSync(join(folder, 'xen'));
    const makefile =
      'export XEN_VERSION      = 4\nexport XEN_SUBVERSION   = 22\nexport XEN_EXTRAVERSION ?= .1-pre$(X)\n';
    writeFileSync(join(folder, 'xen', 'Makefile'), makefile);
    expect(versionOf(folder)).toEqual({ branch: '4.22', release: '4.22.1' });
    expect(() => versionOf(join(folder, 'xen'))).toThrow('no Xen source tree');
  });

  test('package sources get their source packages, in both formats; other archives are left out', () => {
    const list = 'deb http://h/debian bookworm main # x\ndeb https://other/repo nodistro stable\n';
    expect(withSourcePackages({ name: 'a.list', text: list }).split('\n')).toEqual([
      'deb http://h/debian bookworm main # x',
      'deb-src http://h/debian bookworm main # x',
    ]);
    const stanzas =
      'Types: deb\nURIs: http://h\nSuites: s\nComponents: main contrib\n\nTypes: deb\nURIs: x\nComponents: stable\n';
    const changed = withSourcePackages({ name: 'a.sources', text: stanzas });
    expect(changed).toContain('Types: deb deb-src');
    expect(changed).not.toContain('stable');
  });
});
