import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { optionsOf } from '@p2mtrace/analyzers';
import { loadPlugins, tookPart } from '../plugins/load-plugins.js';
import { jsonText } from '../render/json.js';
import { version } from '../version.js';
import type { AuditSettings } from './audit-task.js';

/** What results depend on besides the file, in parts that can be compared one by one. */
export interface SettingsParts {
  readonly version: string;
  /** Options of import and judgement, as JSON. */
  readonly options: string;
  /** Hash of the symbols; empty for none. */
  readonly symbols: string;
  /** Hash of plugins, their options, and the configuration. */
  readonly plugins: string;
}

/** @throws P2mError P2M_PLUGIN, P2M_PLUGIN_OPTION, P2M_CONFIG (usage) */
export async function settingsParts(settings: AuditSettings): Promise<SettingsParts> {
  const { xenVersion, layout, cpuHz, only, symbols } = settings;
  const plugins = await pluginParts(settings);
  return {
    version: version(),
    options: jsonText({ xenVersion, layout, cpuHz, only }),
    symbols: contentOf(symbols),
    plugins: createHash('sha256').update(jsonText(plugins)).digest('hex'),
  };
}

/** Contents of all files of plugins and configuration, and the options of plugins. */
async function pluginParts(settings: AuditSettings) {
  const contents = (await tookPart(settings)).files.map(contentOf);
  const options = (await loadPlugins(settings)).map(plugin => [plugin.id, optionsOf(plugin)]);
  return { contents, options };
}

/**
 * Hash of everything that results depend on besides the file. Symbols, plugins and the configuration count by the
 * contents of all files that they are made of, options of plugins by their resulting values.
 * @throws P2mError P2M_PLUGIN, P2M_PLUGIN_OPTION, P2M_CONFIG (usage)
 */
export async function settingsHash(settings: AuditSettings): Promise<string> {
  const { xenVersion, layout, cpuHz, only, symbols } = settings;
  const { contents, options } = await pluginParts(settings);
  return createHash('sha256')
    .update(jsonText([version(), { xenVersion, layout, cpuHz, only }, [contentOf(symbols), ...contents], options]))
    .digest('hex');
}

/** What the result of a content (SHA-256 in hex) with these settings is kept by: 32 hex digits. */
export const resultKey = (salt: string, hash: string): string =>
  createHash('sha256').update(`${salt} ${hash}`).digest('hex').slice(0, 32);

function contentOf(path: string | undefined): string {
  try {
    return path === undefined ? '' : createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return '';
  }
}
