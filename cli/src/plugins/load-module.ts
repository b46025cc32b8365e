import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createJiti } from 'jiti';

/** Modules of plugins get these packages from here, wherever they are. */
const ours = async () => ({
  '@p2mtrace/analyzers': await import('@p2mtrace/analyzers'),
  '@p2mtrace/replayer': await import('@p2mtrace/replayer'),
  '@p2mtrace/trace-format': await import('@p2mtrace/trace-format'),
});

/**
 * The default export of a module in TypeScript or JavaScript.
 * @param name a file, or a package as seen from `folder`
 * @throws whatever its code throws
 */
export async function loadModule(name: string, folder: string): Promise<unknown> {
  const file = resolve(folder, name);
  const jiti = createJiti(resolve(folder, 'p2mtrace'), { virtualModules: await ours(), fsCache: false });
  return jiti.import(existsSync(file) ? file : name, { default: true });
}
