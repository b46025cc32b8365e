import { dirname, resolve } from 'node:path';
import { cwd } from 'node:process';
import {
  type Analyzer,
  checkPlugin,
  checkUnique,
  configurePlugins,
  type OptionSetting,
  type PluginConfig,
} from '@p2mtrace/analyzers';
import { configPath, type NamedConfig, readConfig } from './configuration.js';
import { loadNamed } from './load-named.js';

/** Values of `PLUGIN_OPTIONS`. */
export interface PluginOptions {
  readonly plugin?: readonly string[] | undefined;
  readonly pluginOption?: readonly OptionSetting[] | undefined;
  readonly config?: NamedConfig;
}

/** These options as they are written on a command line. */
export function pluginWords({ plugin = [], pluginOption = [], config }: PluginOptions): string[] {
  return [
    ...plugin.flatMap(one => ['--plugin', one]),
    ...pluginOption.flatMap(({ plugin: id, key, value }) => ['--plugin-option', `${id}.${key}=${value}`]),
    ...(config === undefined ? [] : config === false ? ['--no-config'] : ['--config', config]),
  ];
}

/** A module as seen from a folder, or an analyzer in the configuration itself. */
interface Named {
  readonly plugin: string | Analyzer;
  readonly folder: string;
}
type NamedModule = Named & { readonly plugin: string };

/**
 * The analyzers named by the command line and the configuration, in that order, with their options set: if both set an
 * option, the command line takes precedence.
 * @throws P2mError P2M_PLUGIN, P2M_PLUGIN_OPTION, P2M_CONFIG (usage)
 */
export async function loadPlugins({ plugin = [], pluginOption = [], config }: PluginOptions): Promise<Analyzer[]> {
  const path = configPath(config);
  const { plugins, pluginOptions } = await readConfig(path);
  const analyzers = (await Promise.all(namedBy(plugin, plugins, path).map(loadPlugin))).flat();
  checkUnique(analyzers);
  return configurePlugins(analyzers, [...settingsOf(pluginOptions, path), ...pluginOption]);
}

/** Which configuration and which plugins take part, and all files that they are made of. */
export interface TookPart {
  /** As it was named or found. */
  readonly config: string | undefined;
  /** As they are named; one that the configuration has in itself is not among them. */
  readonly plugins: readonly string[];
  readonly files: readonly string[];
}

/** @throws P2mError P2M_CONFIG (usage) */
export async function tookPart({ plugin = [], config }: PluginOptions): Promise<TookPart> {
  const path = configPath(config);
  const { plugins } = await readConfig(path);
  const named = namedBy(plugin, plugins, path).filter(one => typeof one.plugin === 'string') as NamedModule[];
  const { moduleFiles } = await import('./module-files.js');
  const files = named.flatMap(one => moduleFiles(one.plugin, one.folder));
  if (path !== undefined) files.push(...moduleFiles(resolve(path), dirname(resolve(path))));
  return { config: path, plugins: named.map(one => one.plugin), files: [...new Set(files)].sort() };
}

/** Names on the command line are relative to the current folder, those in a configuration to its own folder. */
function namedBy(plugin: readonly string[], plugins: PluginConfig['plugins'] = [], path = ''): Named[] {
  const folder = dirname(resolve(path));
  return [...plugin.map(name => ({ plugin: name, folder: cwd() })), ...plugins.map(one => ({ plugin: one, folder }))];
}

function settingsOf(options: PluginConfig['pluginOptions'] = {}, file: string | undefined): OptionSetting[] {
  return Object.entries(options).flatMap(([plugin, values]) =>
    Object.entries(values).map(([key, value]) => ({ plugin, key, value, file })),
  );
}

/** A module may export one analyzer or several. */
async function loadPlugin({ plugin, folder }: Named): Promise<Analyzer[]> {
  if (typeof plugin !== 'string') return [checkPlugin(plugin, `a plugin in the configuration of ${folder}`)];
  const value = await loadNamed('P2M_PLUGIN', plugin, folder);
  return (Array.isArray(value) ? value : [value]).map(one => checkPlugin(one, plugin));
}
