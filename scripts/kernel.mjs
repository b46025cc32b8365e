/**
 * Compiles the kernel that imports captures, packages/trace-format/kernel, to dist/kernel/kernel.wasm of that package.
 * Values that it needs from TypeScript, which is built before it, are written to kernel/constants.ts.
 */
import { existsSync, readdirSync, readFileSync, renameSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const at = (...parts) => join(root, 'packages', 'trace-format', ...parts);
const WASM = at('dist', 'kernel', 'kernel.wasm');
const CONSTANTS = at('kernel', 'constants.ts');

const built = (...path) => import(pathToFileURL(at('dist', ...path)));

/** The constants in AssemblyScript; those of a table are in a namespace with its name. */
async function constants() {
  const { PRESENT } = await built('schema', 'columns.js');
  const { FLAG } = await built('schema', 'flags.js');
  const { KIND } = await built('schema', 'kinds.js');
  const { ACCESS_TYPES, TEXT_UPPER_HALF, WIRE_NO_DOMID } = await built('schema', 'xen-enums.js');
  const { MEMORY_PAGES: _, ...layout } = await built('kernel', 'kernel-layout.js');
  const { FIRST_EXTENSION_MINOR, MEM } = await built('schema', 'record-table.js');
  const { CLASS_MASK, MAX_ORDER, MEM_CLASS } = await built('schema', 'xentrace-records.js');
  const bounds = { ACCESS_TYPES: ACCESS_TYPES.length, FIRST_EXTENSION_MINOR, MAX_ORDER };
  const single = { ...bounds, CLASS_MASK, MEM_CLASS, TEXT_UPPER_HALF, WIRE_NO_DOMID };
  const line = ([name, value]) => `// @ts-ignore: decorator\n@inline export const ${name}: u32 = ${value >>> 0};`;
  const parts = Object.entries({ ...single, PRESENT, FLAG, KIND, MEM, ...layout }).map(([name, value]) => {
    if (typeof value === 'number') return line([name, value]);
    return `export namespace ${name} {\n${Object.entries(value).map(line).join('\n')}\n}`;
  });
  return `// Made by scripts/kernel.mjs.\n${parts.join('\n')}\n`;
}

/** Writes the file only if it has changed: its age tells whether to compile. */
function keep(path, text) {
  if (!existsSync(path) || readFileSync(path, 'utf8') !== text) writeFileSync(path, text);
}

function isOld() {
  const made = statSync(WASM, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  const sources = readdirSync(at('kernel')).map(name => at('kernel', name));
  sources.push(fileURLToPath(import.meta.url), join(root, 'pnpm-lock.yaml'));
  return sources.some(path => statSync(path).mtimeMs > made);
}

async function compile() {
  const { default: asc } = await import('assemblyscript/asc');
  const { MEMORY_PAGES } = await built('kernel', 'kernel-layout.js');
  const files = ['index.ts', '--baseDir', at('kernel'), '--outFile', `${WASM}.new`];
  const memory = ['--importMemory', '--sharedMemory', '--initialMemory', '1', '--maximumMemory', String(MEMORY_PAGES)];
  const options = ['-O3', '--runtime', 'stub', '--noAssert', '--enable', 'threads,simd'];
  const { error } = await asc.main([...files, ...memory, ...options], {
    stdout: process.stderr,
    stderr: process.stderr,
  });
  if (error) throw error;
  renameSync(`${WASM}.new`, WASM);
}

keep(CONSTANTS, await constants());
if (isOld()) await compile();
else utimesSync(WASM, new Date(), new Date());
