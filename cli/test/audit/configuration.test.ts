import { chownSync, mkdirSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { configPath } from '../../src/plugins/configuration.js';
import { moduleFiles } from '../../src/plugins/module-files.js';
import { tempDir } from '../support/cli.js';

const temp = tempDir();
const before = process.cwd();
afterEach(() => process.chdir(before));
const NAME = 'p2mtrace.config.mjs';
function repository(name: string): string {
  mkdirSync(join(temp(name), '.git'), { recursive: true });
  mkdirSync(join(temp(name), 'sub'));
  process.chdir(join(temp(name), 'sub'));
  return temp(name);
}

describe('a configuration that nobody named', () => {
  it('is run where it lies in the repository of the folder, also by a link', () => {
    const root = repository('mine');
    expect(configPath(undefined)).toBeUndefined();
    writeFileSync(join(root, NAME), 'export default {}');
    symlinkSync(join('..', NAME), NAME);
    expect(configPath(undefined)).toBe(NAME);
    expect(configPath(false)).toBeUndefined();
  });

  it('is not run where a link leads out of it, unless it is named', () => {
    repository('out');
    writeFileSync(temp('elsewhere.mjs'), 'export default {}');
    symlinkSync(temp('elsewhere.mjs'), NAME);
    expect(() => configPath(undefined)).toThrow(expect.objectContaining({ code: 'P2M_CONFIG', blame: 'usage' }));
    expect(configPath(NAME)).toBe(NAME);
    expect(configPath(false)).toBeUndefined();
  });

  it.runIf(process.getuid?.() === 0)('is run only if it belongs to the user or root, named or not', () => {
    const root = repository('other');
    writeFileSync(NAME, 'export default {}');
    chownSync(join(root, 'sub', NAME), 12_345, 12_345);
    expect(() => configPath(undefined)).toThrow('belongs to user 12345');
    expect(() => configPath(NAME)).toThrow('belongs to user 12345');
    expect(configPath(false)).toBeUndefined();
  });
});

it('counts all files that a module is made of', () => {
  const root = realpathSync(repository('made'));
  const write = (name: string, text: string) => {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  };
  write('plugin.ts', "import { a } from './a.js';\nimport type { B } from './types';\nimport fs from 'node:fs';");
  write('a.ts', "export * from './deep/b.mjs'; const c = require('../made/c.cjs');\nimport('acme');");
  write('types.ts', 'export type B = 1;');
  write('deep/b.mjs', "import '../plugin.ts';\nimport 'not-there';\nimport '@p2mtrace/analyzers';");
  write('c.cjs', '');
  write('node_modules/acme/package.json', '{"name":"acme","main":"main.js"}');
  write('node_modules/acme/main.js', "require('./lib.js')");
  write('node_modules/acme/lib.js', '');
  write('unused.ts', '');
  const files = ['a.ts', 'c.cjs', 'deep/b.mjs', 'node_modules/acme/lib.js', 'node_modules/acme/main.js'];
  const all = [...files, 'plugin.ts', 'types.ts'].map(name => join(root, name));
  expect(moduleFiles('./plugin', root)).toEqual(all);
  expect(moduleFiles(join(root, 'plugin.ts'), '/')).toEqual(all);
  expect(moduleFiles('acme', root)).toHaveLength(2);
});
