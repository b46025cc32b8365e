import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';

const API = join(import.meta.dirname, '../samples/api');
const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-samples-'));
afterAll(() => rmSync(folder, { recursive: true }));
// Samples run what was built.
beforeAll(() => expect(inject('buildProblem')).toBe(''));

/** What each sample prints, all of it. */
const PRINTED: Readonly<Record<string, RegExp>> = {
  'import.mjs': /^133731 records, 0 bytes skipped, order approximate\n133514 events in .*\nset_entry: 72416\n/,
  'replay.mjs':
    /^after event 6\n.*"ram_rw":1.*\n {2}gfn 0x3a0 -> mfn 0x12040 \(ram_rw\), set at #2\n {2}mfn 0x12040: count 2.*\nafter event 11\n/,
  'analyze.mjs': /^error \(proven\) use-after-unmap\.stale-translation: 1\n.*changed #6, used #8\nnot checked: /,
  'sql.mjs':
    /^mfn kind from_seq to_seq symbol\n0x12040 allocation 0 8 null\n0x12040 get_page 6 null p2m_get_gfn_type_access\n$/,
};

test.each(readdirSync(API))('samples/api/%s runs', name => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(API, name)], {
    encoding: 'utf8',
    // Their traces go with the folder.
    env: { ...process.env, TMPDIR: folder, TEMP: folder },
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  expect(PRINTED[name]).toBeDefined();
  expect(stdout).toMatch(PRINTED[name]);
});

/** How a project of somebody else may compile, where every element of an array may be undefined. */
const STRICTEST = { noEmit: true, strict: true, noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true };

test('samples/plugins compile where indexed access is checked', () => {
  const root = join(API, '../..');
  const options = { ...STRICTEST, target: 'es2023', module: 'nodenext', types: ['node'], skipLibCheck: true };
  const files = readdirSync(join(root, 'samples/plugins')).map(name => join(root, 'samples/plugins', name));
  const typeRoots = [join(root, 'node_modules/@types')];
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify({ compilerOptions: { ...options, typeRoots }, files }));
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', folder], { encoding: 'utf8' });
  expect(stdout).toBe('');
  expect(status).toBe(0);
  expect(files.length).toBeGreaterThan(0);
});
