import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, relative, resolve, sep } from 'node:path';
import { type AuditConfig, checkConfig, type PluginConfig } from '@p2mtrace/analyzers';
import { usageError } from '@p2mtrace/trace-format/errors';
import { loadNamed } from './load-named.js';

const CONFIGS = ['ts', 'mts', 'js', 'mjs'].map(ending => `p2mtrace.config.${ending}`);

/** The value of --config; false for --no-config. */
export type NamedConfig = string | false | undefined;

/**
 * The configuration file that is named, or else the one in the current folder; undefined if there is none, or none is
 * wanted. As it is code, it must belong to the user or to root, and one that nobody named must lie in the repository of
 * the current folder.
 * @throws P2mError P2M_CONFIG (usage)
 */
export function configPath(named: NamedConfig): string | undefined {
  if (named === false) return undefined;
  const path = named ?? CONFIGS.find(name => existsSync(name));
  if (path === undefined) return undefined;
  if (existsSync(path)) {
    if (named === undefined) checkPlace(path);
    checkOwner(path);
  }
  return path;
}

/** The contents of a configuration file; empty without one. @throws P2mError P2M_CONFIG (usage) */
export async function readConfig(path: string | undefined): Promise<PluginConfig> {
  if (path === undefined) return {};
  return checkConfig(await loadNamed('P2M_CONFIG', resolve(path), dirname(resolve(path))), path);
}

/** The `audit` part of the configuration. @throws P2mError P2M_CONFIG (usage) */
export async function auditConfig(named: NamedConfig): Promise<AuditConfig> {
  return (await readConfig(configPath(named))).audit ?? {};
}

const LEAVE_OUT = '--no-config leaves it out';

/** A link may lead anywhere: then nobody meant this file. */
function checkPlace(path: string): void {
  const root = repositoryOf(realpathSync('.'));
  const way = relative(root, realpathSync(path));
  if (way !== '..' && !way.startsWith(`..${sep}`)) return;
  throw usageError(
    'P2M_CONFIG',
    `${path} leads out of ${root}, and is not run`,
    `${LEAVE_OUT}; --config ${path} runs it`,
  );
}

function checkOwner(path: string): void {
  const own = process.getuid?.();
  const { uid } = statSync(path);
  if (own === undefined || uid === own || uid === 0) return;
  throw usageError(
    'P2M_CONFIG',
    `${path} belongs to user ${uid}, and is not run`,
    `${LEAVE_OUT}; make it your own to run it`,
  );
}

/** The nearest folder with a `.git`; the folder itself where there is none. */
function repositoryOf(folder: string): string {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(resolve(at, '.git'))) return at;
    if (dirname(at) === at) return folder;
  }
}
