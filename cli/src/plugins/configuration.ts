import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type AuditConfig, checkConfig, type PluginConfig } from '@p2mtrace/analyzers';
import { loadNamed } from './load-named.js';

const CONFIGS = ['ts', 'mts', 'js', 'mjs'].map(ending => `p2mtrace.config.${ending}`);

/** The configuration that is named, or else lies where p2mtrace is run; undefined where there is none. */
export const configPath = (named: string | undefined): string | undefined =>
  named ?? CONFIGS.find(name => existsSync(name));

/** What a configuration says; nothing without one. @throws P2mError P2M_CONFIG (usage) */
export async function readConfig(path: string | undefined): Promise<PluginConfig> {
  if (path === undefined) return {};
  return checkConfig(await loadNamed('P2M_CONFIG', path, dirname(resolve(path))), path);
}

/** What the configuration says of audits. @throws P2mError P2M_CONFIG (usage) */
export async function auditConfig(named: string | undefined): Promise<AuditConfig> {
  return (await readConfig(configPath(named))).audit ?? {};
}
