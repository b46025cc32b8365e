import { usageError } from '@p2mtrace/trace-format/errors';

/**
 * The default export of a module that the user named.
 * @throws P2mError (usage) with this code if it can't be loaded
 */
export async function loadNamed(code: 'P2M_PLUGIN' | 'P2M_CONFIG', name: string, folder: string): Promise<unknown> {
  const { loadModule } = await import('./load-module.js');
  try {
    return await loadModule(name, folder);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw usageError(code, `${name} can't be loaded: ${what}`, 'name a file, or a package that is installed there');
  }
}
