import { existsSync, readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createJiti } from 'jiti';

/** What a module may name another by; too many hits cost nothing, as what is no module is not found. */
const SPECIFIER = /(?:\bfrom|\bimport|\brequire(?:\.resolve)?|\bimport\s*\()\s*\(?\s*(["'`])([^"'`\n]+)\1/g;
const SOURCE = /\.[cm]?[jt]sx?$/;

/**
 * The files that a module is made of: its own, and those of all modules that it imports, in packages too. Sorted. What a
 * module reads besides, or imports by a name that it computes, is not seen.
 */
export function moduleFiles(name: string, folder: string): string[] {
  const jiti = createJiti(resolve(folder, 'p2mtrace'), { fsCache: false });
  const files = new Set<string>();
  const add = (specifier: string, from: string) => {
    if (isBuiltin(specifier) || specifier.startsWith('@p2mtrace/')) return;
    const file = fileOf(specifier, from);
    if (file === undefined || files.has(file)) return;
    files.add(file);
    if (!SOURCE.test(file)) return;
    for (const [, , imported] of textOf(file).matchAll(SPECIFIER)) add(imported, file);
  };
  const fileOf = (specifier: string, from: string): string | undefined => {
    try {
      const found = jiti.esmResolve(specifier, { parentURL: from, try: true });
      const file = found?.startsWith('file:') ? fileURLToPath(found) : found;
      return file !== undefined && existsSync(file) ? file : undefined;
    } catch {
      return undefined;
    }
  };
  const own = resolve(folder, name);
  add(existsSync(own) ? own : name, resolve(folder, 'p2mtrace'));
  return [...files].sort();
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
