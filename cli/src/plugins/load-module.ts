import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import * as analyzers from '@p2mtrace/analyzers';
import * as replayer from '@p2mtrace/replayer';
import * as traceFormat from '@p2mtrace/trace-format';
import { createJiti } from 'jiti';

/** Modules of plugins get these packages from here, wherever they are. */
const OURS = {
  '@p2mtrace/analyzers': analyzers,
  '@p2mtrace/replayer': replayer,
  '@p2mtrace/trace-format': traceFormat,
};

/**
 * The default export of a module in TypeScript or JavaScript.
 * @param name a file, or a package as seen from `folder`
 * @throws whatever its code throws
 */
export function loadModule(name: string, folder: string): Promise<unknown> {
  const file = resolve(folder, name);
  const jiti = createJiti(resolve(folder, 'p2mtrace'), { virtualModules: OURS, fsCache: false });
  return jiti.import(existsSync(file) ? file : name, { default: true });
}
