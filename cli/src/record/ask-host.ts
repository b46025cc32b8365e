import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { usageError } from '@p2mtrace/trace-format/errors';

/** What the host of a recording tells of itself; what it does not tell is absent. */
export interface HostFacts {
  readonly host?: string | undefined;
  readonly xenVersion?: string | undefined;
  readonly buildId?: string | undefined;
  /** TSC frequency in Hz. */
  readonly cpuHz?: number | undefined;
  /** Names of the domains, by domid. */
  readonly domains?: Readonly<Record<string, string>> | undefined;
  /** A file of symbols of the running hypervisor. */
  readonly symbols?: string | undefined;
}

/** Where the hypervisor tells of itself (Documentation/ABI/stable/sysfs-hypervisor-xen in Linux). */
const SYSFS = '/sys/hypervisor';
/** Where distributions and `make install` put symbols. */
const BOOT = '/boot';
const ASK_MS = 5000;

/** @throws P2mError P2M_NO_XEN (usage) if this is no Xen host */
export function requireXen(sysfs = SYSFS): void {
  if (textOf(join(sysfs, 'type')) === 'xen') return;
  throw usageError(
    'P2M_NO_XEN',
    `this machine does not run on Xen (${join(sysfs, 'type')})`,
    'record on a Xen host, in its control domain; a capture from elsewhere is imported with p2mtrace import',
  );
}

/** Asks sysfs and xl. What can't be asked is left out: a recording is worth more than what is known of its host. */
export async function askHost(sysfs = SYSFS, boot = BOOT): Promise<HostFacts> {
  const [info, list] = await Promise.all([xl('info'), xl('list')]);
  const fields = fieldsOf(info);
  const xenVersion = versionOf(sysfs) ?? /^\d+\.\d+(?:\.\d+)?/.exec(fields.get('xen_version') ?? '')?.[0];
  const mhz = Number(fields.get('cpu_mhz'));
  return {
    host: fields.get('host') ?? hostname(),
    xenVersion,
    buildId: textOf(join(sysfs, 'buildid')),
    cpuHz: mhz > 0 ? Math.round(mhz * 1e6) : undefined,
    domains: domainsOf(list),
    symbols: symbolsOf(boot, fields.get('xen_version') ?? xenVersion),
  };
}

/** Output of a command of the toolstack, empty if it can't be had. */
async function xl(command: string): Promise<string> {
  try {
    return (await promisify(execFile)('xl', [command], { timeout: ASK_MS })).stdout;
  } catch {
    return '';
  }
}

/** `xl info`: a line `name   : value` for each. */
export function fieldsOf(text: string): ReadonlyMap<string, string> {
  const lines = text.matchAll(/^(\w+)\s*: (.*)$/gm);
  return new Map([...lines].map(([, name, value]) => [name, value.trim()]));
}

/** `xl list`: Name, ID, Mem, VCPUs, State, Time(s); names may have spaces. */
export function domainsOf(text: string): Record<string, string> | undefined {
  const rows = [...text.matchAll(/^(.+?)\s+(\d+)\s+\d+\s+\d+\s+\S+\s+[\d.]+\s*$/gm)];
  return rows.length === 0 ? undefined : Object.fromEntries(rows.map(([, name, domid]) => [domid, name]));
}

function versionOf(sysfs: string): string | undefined {
  const [major, minor, extra] = ['major', 'minor', 'extra'].map(name => textOf(join(sysfs, 'version', name)));
  if (major === undefined || minor === undefined) return undefined;
  return `${major}.${minor}${/^\.\d+/.exec(extra ?? '')?.[0] ?? ''}`;
}

function symbolsOf(boot: string, version: string | undefined): string | undefined {
  if (version === undefined) return undefined;
  return [`xen-syms-${version}.map`, `xen-${version}.map`].map(name => join(boot, name)).find(path => existsSync(path));
}

function textOf(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim() || undefined;
  } catch {
    return undefined;
  }
}
