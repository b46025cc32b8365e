import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { optionsOf } from '@p2mtrace/analyzers';
import { loadPlugins, tookPart } from '../plugins/load-plugins.js';
import { jsonText } from '../render/json.js';
import { version } from '../version.js';
import type { AuditSettings } from './audit-task.js';

/**
 * Hash of everything that results depend on besides the file. Symbols, plugins and the configuration count by the
 * contents of all files that they are made of, options of plugins by their resulting values.
 * @throws P2mError P2M_PLUGIN, P2M_PLUGIN_OPTION, P2M_CONFIG (usage)
 */
export async function settingsHash(settings: AuditSettings): Promise<string> {
  const { xenVersion, layout, cpuHz, only, symbols } = settings;
  const contents = [symbols, ...(await tookPart(settings)).files].map(contentOf);
  const options = (await loadPlugins(settings)).map(plugin => [plugin.id, optionsOf(plugin)]);
  return createHash('sha256')
    .update(jsonText([version(), { xenVersion, layout, cpuHz, only }, contents, options]))
    .digest('hex');
}

function contentOf(path: string | undefined): string {
  try {
    return path === undefined ? '' : createHash('sha256').update(readFileSync(path)).digest('hex');
  } catch {
    return '';
  }
}
