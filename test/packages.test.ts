import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';

const ROOT = join(import.meta.dirname, '..');
const FOLDERS = ['packages/trace-format', 'packages/replayer', 'packages/analyzers', 'cli'];
const LIBRARIES = FOLDERS.slice(0, 3);
/** An empty project, which has nothing but what npm installs of the four tarballs. */
const project = mkdtempSync(join(tmpdir(), 'p2mtrace-project-'));
afterAll(() => rmSync(project, { recursive: true }));

/** What the npm that runs the tests tells its children is not for the npm of the project. */
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^npm_|^NODE_OPTIONS$/i.test(name)));

function run(command: string, args: readonly string[], cwd = project, expected = 0): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    env,
    encoding: 'utf8',
    maxBuffer: 1 << 26,
    shell: process.platform === 'win32' && command !== process.execPath,
  });
  expect(status, `${command} ${args.join(' ')}: ${error?.message ?? ''}\n${stdout}\n${stderr}`).toBe(expected);
  return stdout;
}

interface Packed {
  readonly filename: string;
  readonly files: readonly { readonly path: string }[];
}
const manifest = (folder: string) => JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'));
const packed = new Map<string, Packed>();
const filesOf = (folder: string) => packed.get(folder)!.files.map(({ path }) => path);

beforeAll(() => {
  // Packing builds what is missing.
  expect(inject('buildProblem')).toBe('');
  for (const folder of FOLDERS) {
    const told = run('npm', ['pack', '--json', '--pack-destination', project], join(ROOT, folder));
    packed.set(folder, JSON.parse(told)[0]);
  }
  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }\n');
  const tarballs = [...packed.values()].map(({ filename }) => `./${filename}`);
  // Whatever is in npm's cache is not asked for again.
  run('npm', ['install', '--prefer-offline', '--no-audit', '--no-fund', ...tarballs]);
});

describe.each(FOLDERS)('%s as it is packed', folder => {
  it('names its dependencies by versions that npm knows', () => {
    const { name, dependencies } = JSON.parse(
      readFileSync(join(project, 'node_modules', manifest(folder).name, 'package.json'), 'utf8'),
    );
    const versions = Object.values<string>(dependencies);
    expect(versions.length).toBeGreaterThan(0);
    for (const version of versions) expect(version, name).toMatch(/^[~^]?\d+\.\d+\.\d+/);
  });

  it('says what it is, where it comes from, and under which licence', () => {
    expect(manifest(folder)).toMatchObject({
      license: 'Apache-2.0',
      repository: { url: 'git+https://github.com/p2mtrace/p2mtrace.git', directory: folder },
      homepage: expect.stringContaining('https://github.com/p2mtrace/p2mtrace'),
      bugs: expect.stringContaining('https://github.com/p2mtrace/p2mtrace'),
      keywords: expect.arrayContaining(['xen', 'p2m']),
      publishConfig: { access: 'public', provenance: true },
    });
    expect(filesOf(folder)).toEqual(expect.arrayContaining(['LICENSE', 'README.md', 'package.json']));
    expect(readFileSync(join(ROOT, folder, 'LICENSE'), 'utf8')).toBe(readFileSync(join(ROOT, 'LICENSE'), 'utf8'));
  });

  it('has the source of each source map, and no leftovers', () => {
    const files = new Set(filesOf(folder));
    for (const path of files) {
      expect(path).not.toMatch(/\.(?:tsbuildinfo|new|partial)$|\.test\.ts$/);
      if (!path.endsWith('.map')) continue;
      const { sources } = JSON.parse(readFileSync(join(ROOT, folder, path), 'utf8')) as { sources: string[] };
      for (const source of sources) expect(files, path).toContain(join(path, '..', source).replaceAll('\\', '/'));
    }
  });
});

describe('in an empty project', () => {
  it('only the tarballs were installed, not the workspace', () => {
    for (const folder of FOLDERS) {
      const { name, version } = manifest(folder);
      const lock = JSON.parse(readFileSync(join(project, 'package-lock.json'), 'utf8'));
      expect(lock.packages[`node_modules/${name}`]).toMatchObject({
        version,
        resolved: `file:${packed.get(folder)!.filename}`,
      });
      expect(readdirSync(join(project, 'node_modules', name))).not.toContain('node_modules');
    }
  });

  it('npx p2mtrace imports, analyzes, asks and reports', () => {
    copyFileSync(join(ROOT, 'samples/corpus/rules/refcount.leak/trace.ndjson'), join(project, 'leak.ndjson'));
    const p2mtrace = (args: string[], code = 0) => run('npx', ['--no-install', 'p2mtrace', ...args], project, code);
    expect(p2mtrace(['--version']).trim()).toBe(manifest('cli').version);
    p2mtrace(['import', 'leak.ndjson', '-o', 'leak.arrow', '--quiet']);
    // The sample has one finding: exit code 1.
    expect(p2mtrace(['analyze', 'leak.arrow'], 1)).toContain(
      'refcount.leak: a reference is never dropped: 1 of 1 references taken',
    );
    // A macro of the library, which is files of @p2mtrace/analyzers.
    expect(p2mtrace(['sql', 'leak.arrow', 'select hex(73792) as mfn', '--format', 'csv'])).toBe('mfn\n0x12040\n');
    p2mtrace(['report', 'leak.arrow', '-o', 'leak.html'], 1);
    expect(readFileSync(join(project, 'leak.html'), 'utf8')).toContain('refcount.leak');
    expect(p2mtrace(['audit', 'leak.ndjson', '--workers', '1'], 1)).toContain('1 new finding');
  });

  it('the libraries type-check under strict, with the declarations of what they need, and their READMEs run', () => {
    const capture = readFileSync(join(ROOT, 'samples/captures/stock-mem-pvh.bin.gz'));
    writeFileSync(join(project, 'capture.bin'), gunzipSync(capture));
    const programs = LIBRARIES.map(folder => {
      const [, program] = /```ts\n([\s\S]*?)```/.exec(readFileSync(join(ROOT, folder, 'README.md'), 'utf8'))!;
      const name = basename(folder);
      // A program in JavaScript that is one in TypeScript too.
      for (const extension of ['ts', 'mjs']) writeFileSync(join(project, `${name}.${extension}`), program);
      return name;
    });
    writeFileSync(
      join(project, 'entries.ts'),
      "export * as errors from '@p2mtrace/trace-format/errors';\nexport * as xentrace from '@p2mtrace/trace-format/xentrace';\n",
    );
    const compilerOptions = {
      ...{ strict: true, noEmit: true, skipLibCheck: false, exactOptionalPropertyTypes: true },
      ...{ noUncheckedIndexedAccess: false, module: 'nodenext', target: 'es2023', lib: ['es2023'], types: ['node'] },
    };
    writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.ts'] }));
    run(process.execPath, [join(ROOT, 'node_modules/typescript/bin/tsc'), '--noEmit']);
    const [format, replayer, analyzers] = programs.map(name => run(process.execPath, [`${name}.mjs`]));
    // samples/README.md: 133,731 records, 133,514 events, 72,416 of them set_entry.
    expect(format).toMatch(/^133731 records, 0 bytes could not be read\n133514 events /);
    expect(replayer).toMatch(/^d1 host: \{.*ram_rw.*\}\n(?:\w+, written at #\d+|absent|unknown)\n$/s);
    expect(analyzers).toContain('not checked: refcount.leak: ');
    expect(analyzers).toContain('\nset_entry: 72416\n');
    expect(existsSync(join(project, 'trace.arrow'))).toBe(true);
  });
});
