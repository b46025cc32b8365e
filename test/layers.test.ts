import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { cruise, type ICruiseResult } from 'dependency-cruiser';
import extractTSConfig from 'dependency-cruiser/config-utl/extract-ts-config';
import { afterAll, describe, expect, it } from 'vitest';
import { CRUISE_OPTIONS, dependencyRules } from '../scripts/dependency-rules.mjs';

const ROOT = join(import.meta.dirname, '..');
const LAYERS = JSON.parse(readFileSync(join(ROOT, 'layers.json'), 'utf8')) as {
  readonly packages: readonly string[];
  readonly layers: Readonly<Record<string, readonly string[]>>;
};

/** Every import that a rule forbids, as `rule: from → to`; and how many modules and imports were seen. */
async function violations(baseDir: string, layers: typeof LAYERS, folders: readonly string[]) {
  const tsConfig = { fileName: join(ROOT, 'tsconfig.base.json') };
  const options = { ...CRUISE_OPTIONS, baseDir, tsConfig, validate: true };
  const ruleSet = { forbidden: dependencyRules(layers) };
  const { output } = await cruise(
    [...folders],
    { ...options, ruleSet },
    {},
    { tsConfig: extractTSConfig(tsConfig.fileName) },
  );
  const { violations, totalCruised, totalDependenciesCruised } = (output as ICruiseResult).summary;
  return {
    found: violations.map(({ rule, from, to }) => `${rule.name}: ${from} → ${to}`).sort(),
    modules: totalCruised,
    imports: totalDependenciesCruised ?? 0,
  };
}

describe('imports', () => {
  it('point down, never around, and to entry points', async () => {
    const folders = LAYERS.packages.flatMap(folder => [`${folder}/src`, `${folder}/test`]);
    const { found, modules, imports } = await violations(ROOT, LAYERS, folders);
    expect(found).toEqual([]);
    expect(modules).toBeGreaterThan(500);
    expect(imports).toBeGreaterThan(2000);
  });

  it.each(LAYERS.packages)('%s/src has just what layers.json lists', folder => {
    const there = readdirSync(join(ROOT, folder, 'src'));
    expect([...LAYERS.layers[folder]].sort()).toEqual(there.sort());
  });
});

describe('each rule', () => {
  const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-layers-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  const layers = { packages: ['low', 'high'], layers: { low: ['base.ts', 'floor', 'roof'], high: ['main.ts'] } };
  let cases = 0;

  /** What is forbidden in a project that has these files besides a few which keep to the rules. */
  async function foundIn(files: Readonly<Record<string, string>>) {
    const project = join(folder, String(cases++));
    const all = {
      'low/package.json': '{"name":"low","type":"module","exports":"./src/base.ts"}',
      'low/src/base.ts': 'export const base = 1;\n',
      'low/src/floor/a.ts':
        "import { base } from '../base.js';\nexport const a = base;\nexport interface A { n: number }\n",
      'low/src/roof/r.ts':
        "import type { A } from '../floor/a.js';\nexport const r: A = { n: 2 };\nexport type R = typeof r;\n",
      'high/node_modules/low/package.json': '{"name":"low","exports":"./index.js"}',
      'high/node_modules/low/index.js': 'export const base = 1;\n',
      'high/src/main.ts': "import { base } from 'low';\nexport const main = base;\n",
      ...files,
    };
    for (const [name, text] of Object.entries(all)) {
      mkdirSync(dirname(join(project, name)), { recursive: true });
      writeFileSync(join(project, name), text);
    }
    return (await violations(project, layers, ['low/src', 'high/src'])).found;
  }

  it('is silent where imports point down', async () => expect(await foundIn({})).toEqual([]));

  it('finds an import from a lower folder up, also of a type only', async () => {
    const up = { 'low/src/floor/b.ts': "import type { R } from '../roof/r.js';\nexport type B = R;\n" };
    expect(await foundIn(up)).toEqual(['upward: low/src/floor/b.ts → low/src/roof/r.ts']);
  });

  it('finds an import from a lower package up', async () => {
    const up = { 'low/src/roof/up.ts': "export { main } from '../../../high/src/main.js';\n" };
    expect(await foundIn(up)).toEqual([
      'past-the-entry: low/src/roof/up.ts → high/src/main.ts',
      'upward: low/src/roof/up.ts → high/src/main.ts',
    ]);
  });

  it('finds an import of a package past its entry', async () => {
    const deep = { 'high/src/main.ts': "import { a } from '../../low/src/floor/a.js';\nexport const main = a;\n" };
    expect(await foundIn(deep)).toEqual(['past-the-entry: high/src/main.ts → low/src/floor/a.ts']);
    const unexported = { 'high/src/main.ts': "import { a } from 'low/src/floor/a.js';\nexport const main = a;\n" };
    expect(await foundIn(unexported)).toEqual(['unresolved: high/src/main.ts → low/src/floor/a.js']);
  });

  it('finds a circle, also of types only', async () => {
    const circle = {
      'low/src/floor/b.ts': "import type { C } from './c.js';\nexport interface B { c: C }\n",
      'low/src/floor/c.ts': "import type { B } from './b.js';\nexport interface C { b: B }\n",
    };
    expect(await foundIn(circle)).toEqual(['circle: low/src/floor/b.ts → low/src/floor/c.ts']);
  });
});
