import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { recordOf } from '@p2mtrace/trace-format';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const RECORD = join(import.meta.dirname, '..', 'record');
const hasSpatch = spawnSync('spatch', ['--version']).status === 0;
const rowsOf = (text: string) =>
  text
    .split('\n')
    .filter(line => line !== '' && !line.startsWith('#'))
    .map(line => line.split('\t'));

describe('record/hooks.tsv', () => {
  const [head, ...rows] = rowsOf(readFileSync(join(RECORD, 'hooks.tsv'), 'utf8'));

  test('knows the records that format.md has, and each is written by some hook', () => {
    const ids = rows
      .flatMap(([, records]) => records.split(' '))
      .map(minor => 0x0010_f000 | Number.parseInt(minor, 16));
    expect(ids.filter(id => recordOf(id) === undefined)).toEqual([]);
    // Snapshots are for other tools to write.
    const all = Array.from({ length: 0x1c - 1 }, (_, i) => 0x0010_f801 + i);
    expect(all.filter(id => !ids.includes(id))).toEqual([0x0010_f815, 0x0010_f816]);
  });

  test('has a number for each version', () => {
    expect(head.slice(0, 3)).toEqual(['hook', 'records', 'calls']);
    for (const row of rows) {
      expect(row).toHaveLength(head.length);
      expect(row.slice(3).every(count => /^[1-9]\d*$/.test(count) || row[0] === 'helpers')).toBe(true);
    }
  });
});

/** As little of a Xen tree as apply.sh takes for one. */
const TREE: Readonly<Record<string, string>> = {
  Makefile: 'export XEN_VERSION       = 4\nexport XEN_SUBVERSION    = 17\n',
  'common/Makefile': 'obj-y += domain.o\n',
  'include/xen/mm.h': 'void put_page(struct page_info *page);\n',
  'arch/x86/mm.c': `#include <xen/mm.h>
void put_page(struct page_info *page)
{
    unsigned long nx, x, y = page->count_info;

    do {
        x  = y;
        nx = x - 1;
    }
    while ( unlikely((y = cmpxchg(&page->count_info, x, nx)) != x) );

    if ( unlikely((nx & PGC_count_mask) == 0) )
        free_domheap_page(page);
}
`,
  'arch/x86/x86_64/mm.c': '',
  'arch/x86/domain_page.c': '',
  'arch/x86/mm/guest_walk.c': '',
  'arch/x86/mm/hap/guest_walk.c': '',
  'arch/x86/mm/mm-locks.h': '',
  'common/domain.c': `#include <xen/sched.h>
int domain_kill(struct domain *d)
{
    d->is_dying = DOMDYING_dying;
    return 0;
}
`,
  'common/memory.c': '',
  'common/page_alloc.c': '',
  'common/grant_table.c': '',
};

describe.skipIf(!hasSpatch)('record/apply.sh', () => {
  let folder: string;
  const tree = () => join(folder, 'tree');
  const files = () =>
    Object.fromEntries(
      readdirSync(tree(), { recursive: true, withFileTypes: true })
        .filter(entry => entry.isFile())
        .map(entry => join(entry.parentPath, entry.name))
        .map(path => [path.slice(tree().length), readFileSync(path, 'utf8')]),
    );
  const apply = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(join(folder, 'record', 'apply.sh'), args, { encoding: 'utf8' });
    return { status, out: stdout, err: stderr };
  };
  /** The table has these hooks alone. */
  const hooks = (...names: string[]) => {
    const path = join(folder, 'record', 'hooks.tsv');
    const rows = rowsOf(readFileSync(path, 'utf8')).filter(([name]) => ['hook', ...names].includes(name));
    writeFileSync(path, rows.map(row => `${row.join('\t')}\n`).join(''));
  };

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'p2mtrace-record-'));
    cpSync(RECORD, join(folder, 'record'), { recursive: true });
    for (const [name, text] of Object.entries(TREE)) {
      const path = join(tree(), 'xen', name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    }
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  test('names the hooks that are missing, and changes nothing', () => {
    hooks('put_page', 'domain_dying', 'lookup', 'm2p_set');
    const before = files();
    const { status, out } = apply(tree());
    expect(status).toBe(1);
    expect(out).toMatch(/^ok +put_page +804 +1 of 1$/m);
    expect(out).toMatch(/^MISSING lookup +801 +0 of 1$/m);
    expect(out).toContain('matched less often than they must: lookup m2p_set\n');
    expect(files()).toEqual(before);
  });

  test('puts the hooks in, once, and takes them out', () => {
    hooks('put_page', 'domain_dying');
    const before = files();
    expect(apply('--check', tree())).toMatchObject({ status: 0, err: '' });
    expect(files()).toEqual(before);
    expect(apply('--with', 'use', '--without', 'walks', tree())).toMatchObject({ status: 0, err: '' });
    const after = files();
    expect(after['/xen/common/domain.c']).toContain('is_dying = DOMDYING_dying;\n    p2mt_domain_dying(d);\n');
    expect(after['/xen/common/domain.c']).toContain('#include <xen/p2mtrace.h>\n');
    expect(after['/xen/arch/x86/mm.c']).toMatch(/p2mt_put\(page, p2mt_from, nx\);\s+if \( unlikely\(\(nx/);
    expect(after['/xen/common/Makefile']).toContain('p2mtrace.o');
    expect(after['/xen/common/p2mtrace.c']).toMatch(
      /P2MT_USE true\n#define P2MT_LOOKUPS true\n#define P2MT_WALKS false/,
    );
    expect(apply(tree())).toMatchObject({ status: 2 });
    expect(apply('--revert', tree())).toMatchObject({ status: 0 });
    expect(files()).toEqual(before);
  });

  test('refuses what is no tree, and a version before its first', () => {
    expect(apply(folder)).toMatchObject({ status: 2 });
    expect(apply('--with', 'everything', tree())).toMatchObject({ status: 2 });
    writeFileSync(join(tree(), 'xen', 'Makefile'), TREE.Makefile.replace('17', '16'));
    const { status, out } = apply('--check', tree());
    expect([status, out]).toEqual([2, 'Xen 4.16: the hooks are for 4.17 and later\n']);
  });
});

test('the licences of what goes into Xen are said in each file', () => {
  const sources = readdirSync(RECORD).filter(name => /\.(?:h|c|cocci|sh|tsv)$/.test(name));
  const lines = sources.map(name => readFileSync(join(RECORD, name), 'utf8').split('\n').slice(0, 2).join('\n'));
  expect(lines.every(text => text.includes('SPDX-License-Identifier: Apache-2.0 OR GPL-2.0-only'))).toBe(true);
  expect(existsSync(join(RECORD, 'hooks.tsv'))).toBe(true);
  execFileSync('bash', ['-n', join(RECORD, 'apply.sh')]);
});
