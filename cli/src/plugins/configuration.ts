import { existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { type AuditConfig, checkConfig, type PluginConfig } from '@p2mtrace/analyzers';
import { loadNamed } from './load-named.js';

const CONFIGS = ['ts', 'mts', 'js', 'mjs'].map(ending => `p2mtrace.config.${ending}`);

/** The configuration file that is named, or else the one in the current folder; undefined if there is none. */
export const configPath = (named: string | undefined): string | undefined =>
  named ?? CONFIGS.find(name => existsSync(name));

/** The contents of a configuration file; empty without one. @throws P2mError P2M_CONFIG (usage) */
export async function readConfig(path: string | undefined): Promise<PluginConfig> {
  if (path === undefined) return {};
  return checkConfig(await loadNamed('P2M_CONFIG', path, dirname(resolve(path))), path);
}

/** The `audit` part of the configuration. @throws P2mError P2M_CONFIG (usage) */
export async function auditConfig(named: string | undefined): Promise<AuditConfig> {
  return (await readConfig(configPath(named))).audit ?? {};
}
