import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { cwd } from 'node:process';
import { type Analyzer, type AuditConfig, checkConfig, checkPlugin, checkUnique } from '@p2mtrace/analyzers';
import { usageError } from '@p2mtrace/trace-format';

/** Values of `PLUGIN_OPTIONS`. */
export interface PluginOptions {
  readonly plugin?: readonly string[] | undefined;
  readonly config?: string | undefined;
}

const CONFIGS = ['ts', 'mts', 'js', 'mjs'].map(ending => `p2mtrace.config.${ending}`);

/** A module as seen from a folder, or an analyzer that the configuration has itself. */
interface Named {
  readonly plugin: string | Analyzer;
  readonly folder: string;
}

/**
 * The analyzers that the command line and the configuration name, in that order.
 * @throws P2mError P2M_PLUGIN, P2M_CONFIG (usage)
 */
export async function loadPlugins({ plugin = [], config }: PluginOptions): Promise<Analyzer[]> {
  const named: Named[] = plugin.map(name => ({ plugin: name, folder: cwd() }));
  const path = config ?? CONFIGS.find(name => existsSync(name));
  if (path !== undefined) named.push(...(await readConfig(resolve(path))));
  const analyzers = (await Promise.all(named.map(loadPlugin))).flat();
  checkUnique(analyzers);
  return analyzers;
}

/** What the configuration says of audits. @throws P2mError P2M_CONFIG (usage) */
export async function auditConfig(config: string | undefined): Promise<AuditConfig> {
  const path = config ?? CONFIGS.find(name => existsSync(name));
  if (path === undefined) return {};
  return checkConfig(await load('P2M_CONFIG', path, dirname(resolve(path))), path).audit ?? {};
}

async function readConfig(path: string): Promise<Named[]> {
  const folder = dirname(path);
  const { plugins = [] } = checkConfig(await load('P2M_CONFIG', path, folder), path);
  return plugins.map(plugin => ({ plugin, folder }));
}

/** A module may export one analyzer or several. */
async function loadPlugin({ plugin, folder }: Named): Promise<Analyzer[]> {
  if (typeof plugin !== 'string') return [checkPlugin(plugin, `a plugin in the configuration of ${folder}`)];
  const value = await load('P2M_PLUGIN', plugin, folder);
  return (Array.isArray(value) ? value : [value]).map(one => checkPlugin(one, plugin));
}

async function load(code: 'P2M_PLUGIN' | 'P2M_CONFIG', name: string, folder: string): Promise<unknown> {
  const { loadModule } = await import('./load-module.js');
  try {
    return await loadModule(name, folder);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw usageError(code, `${name} can't be loaded: ${what}`, 'name a file, or a package that is installed there');
  }
}
