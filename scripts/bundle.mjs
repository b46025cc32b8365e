/**
 * Makes cli/bundle of what tsc built: the command line and its worker threads, each with all modules that it needs in
 * few files. Node takes a third of a second to find and read six hundred small ones, which is longer than most
 * commands work.
 */
import { copyFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { rolldown } from 'rolldown';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, ...parts);
const BUNDLE = at('cli', 'bundle');
const NEW = at('cli', 'bundle.new');

/** By name, as they are started: the others are found beside the first. */
const entries = {
  main: at('cli', 'dist', 'main.js'),
  worker: at('cli', 'dist', 'audit', 'worker.js'),
  'second-replay-worker': at('packages', 'analyzers', 'dist', 'analyze', 'second-replay-worker.js'),
  'pool-worker': at('packages', 'trace-format', 'dist', 'write', 'pool-worker.js'),
};

/** What stays outside: native code, a loader of modules, and one that is not itself without its side effects. */
const OUTSIDE = ['@duckdb/node-api', 'jiti', 'apache-arrow'];

const bundle = await rolldown({
  input: entries,
  platform: 'node',
  external: OUTSIDE,
  logLevel: 'warn',
});
rmSync(NEW, { recursive: true, force: true });
await bundle.write({
  dir: NEW,
  format: 'esm',
  entryFileNames: '[name].js',
  chunkFileNames: '[name]-[hash].js',
});
await bundle.close();
// Found beside the module that asks for it (kernel.ts of trace-format).
copyFileSync(at('packages', 'trace-format', 'dist', 'kernel', 'kernel.wasm'), join(NEW, 'kernel.wasm'));
// All of it at once: whoever starts meanwhile gets the old one or the new one.
rmSync(BUNDLE, { recursive: true, force: true });
renameSync(NEW, BUNDLE);
