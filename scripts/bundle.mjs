/**
 * Makes cli/bundle from the output of tsc: the command line and its worker threads, each with all modules that it needs
 * in a few files; and the page of p2mtrace ui. Node takes a third of a second to find and read six hundred small ones,
 * which is longer than most commands take.
 */
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, rolldown } from 'rolldown';
import { build as buildPage } from 'vite';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const BUNDLE = at('cli', 'bundle');
const NEW = at('cli', 'bundle.new');

/** By name, as they are started: the others are found beside the first. */
const entries = {
  main: at('cli', 'dist', 'main.js'),
  worker: at('cli', 'dist', 'audit', 'worker.js'),
  'watch-thread': at('cli', 'dist', 'budget', 'watch-thread.js'),
  'second-replay-worker': at('packages', 'analyzers', 'dist', 'analyze', 'second-replay-worker.js'),
  'experiment-worker': at('packages', 'replayer', 'dist', 'whatif', 'experiment-worker.js'),
  'pool-worker': at('packages', 'trace-format', 'dist', 'write', 'pool-worker.js'),
};

/** Not bundled: native code, a loader of modules, and one that breaks without its side effects. */
const OUTSIDE = [
  '@duckdb/node-api',
  'jiti',
  'apache-arrow',
  'fs-native-extensions',
  'lz4-napi',
  '@foxglove/wasm-zstd',
  // Scripts for Redis that are found beside the code, and only a fleet needs them.
  'bullmq',
  'ioredis',
];

const entryFiles = new Set(Object.values(entries));

/**
 * Whoever takes all of a package by `import()` gets a copy of its list of exports: by the list itself a module that
 * needs one function would bring all others into its file.
 */
const WHOLE = '?whole';
const wholePackages = {
  name: 'whole-packages',
  async resolveId(source, importer, { kind }) {
    if (kind !== 'dynamic-import' || !/^@p2mtrace\/[^/]+$/.test(source)) return null;
    const { id } = await this.resolve(source, importer, { skipSelf: true });
    return `${id}${WHOLE}`;
  },
  load(id) {
    return id.endsWith(WHOLE) ? readFileSync(id.slice(0, -WHOLE.length), 'utf8') : null;
  },
};

/** DuckDB's JavaScript is a hundred modules: they become one file, which takes a third of the time to load. */
const DUCKDB = '@duckdb/node-api';
const DUCKDB_FILE = 'duckdb.cjs';
const oneDuckdb = {
  name: 'one-duckdb',
  transform(code, id) {
    if (!/[\\/]sql[\\/]duckdb\.js$/.test(id)) return null;
    const loads = `requireHere('${DUCKDB}')`;
    if (!code.includes(loads)) throw new Error(`${id} no longer loads DuckDB by ${loads}`);
    return code.replace(loads, `requireHere('./${DUCKDB_FILE}')`);
  },
};

const bundle = await rolldown({
  input: entries,
  plugins: [wholePackages, oneDuckdb],
  platform: 'node',
  external: OUTSIDE,
  // No module of p2mtrace does anything by being loaded: what a command does not use of a package is not loaded for it.
  treeshake: {
    moduleSideEffects: id => !/[\\/](?:cli|packages[\\/][^\\/]+)[\\/]dist[\\/]/.test(id) || entryFiles.has(id),
  },
  logLevel: 'warn',
});
rmSync(NEW, { recursive: true, force: true });
const { output } = await bundle.write({
  dir: NEW,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();
const duckdb = await build({
  input: createRequire(at('packages', 'analyzers', 'package.json')).resolve(DUCKDB),
  platform: 'node',
  external: ['@duckdb/node-bindings'],
  output: {
    file: join(NEW, DUCKDB_FILE),
    format: 'cjs',
    // The native module is a dependency of the package, not of ours.
    banner: `require = require('node:module').createRequire(require.resolve('${DUCKDB}'));`,
  },
});
// The page that `p2mtrace ui` serves.
const page = await buildPage({
  root: at('packages', 'ui'),
  logLevel: 'warn',
  build: { outDir: join(NEW, 'ui'), emptyOutDir: true },
});
const modules = [...output, ...duckdb.output, ...page.output].flatMap(({ moduleIds = [] }) => moduleIds);
writeFileSync(join(NEW, 'NOTICES.txt'), notices(modules));
// Found beside the module that needs it (kernel.ts of trace-format).
copyFileSync(at('packages', 'trace-format', 'dist', 'kernel', 'kernel.wasm'), join(NEW, 'kernel.wasm'));
// All of it at once: a command started meanwhile gets either the old one or the new one.
rmSync(BUNDLE, { recursive: true, force: true });
renameSync(NEW, BUNDLE);

/** Notices that the licences of the bundled packages require. */
function notices(modules) {
  const packages = new Map();
  for (const id of modules) {
    const [, folder, name] = /^(.*[\\/]node_modules[\\/]((?:@[^\\/]+[\\/])?[^\\/]+))[\\/]/.exec(id) ?? [];
    if (folder !== undefined) packages.set(name.replace('\\', '/'), folder);
  }
  return [...packages]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, folder]) => {
      const { version, license, main } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
      const texts = readdirSync(folder).filter(file => /^(?:licen[cs]e|notice)\b/i.test(file));
      const text =
        texts.map(file => readFileSync(join(folder, file), 'utf8').trim()).join('\n\n') || ofCode(folder, main);
      return `${name} ${version} (${license})\n\n${text}\n`;
    })
    .join(`\n${'-'.repeat(80)}\n\n`);
}

/** Of a package under the MIT licence without a file for it: whose it is may stand at the head of its code. */
function ofCode(folder, main) {
  const code = main === undefined ? '' : readFileSync(join(folder, main), 'utf8');
  const [, whose] = /^\/\*!([\s\S]*?)\*\//.exec(code) ?? [];
  if (whose === undefined) return '';
  return `${whose.replaceAll(/^\s*\* ?/gm, '').trim()}\n\n${readFileSync(at('scripts', 'mit.txt'), 'utf8').trim()}`;
}
