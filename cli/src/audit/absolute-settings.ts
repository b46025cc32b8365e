import { resolve } from 'node:path';
import type { AuditSettings } from './audit-task.js';

/** What results depend on, among other options; files under names that hold in any folder. */
export function absoluteSettings(options: AuditSettings): AuditSettings {
  const { xenVersion, layout, symbols, cpuHz, only, plugin, pluginOption, config } = options;
  const files = { symbols: absolute(symbols), config: config === false ? config : absolute(config) };
  return { xenVersion, layout, cpuHz, only, plugin, pluginOption, ...files };
}

const absolute = (path: string | undefined) => (path === undefined ? undefined : resolve(path));
