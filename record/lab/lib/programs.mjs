import { existsSync, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { LabError } from './lab-error.mjs';
import { run } from './run.mjs';

/** What runs on this machine, and the Debian packages that have it. */
const PROGRAMS = {
  'apt-get': 'apt',
  'dpkg-source': 'dpkg-dev',
  gcc: 'gcc',
  make: 'make',
  spatch: 'coccinelle',
  bison: 'bison',
  flex: 'flex',
  bc: 'bc',
  python3: 'python3',
  cpio: 'cpio',
  xz: 'xz-utils',
  'qemu-system-x86_64': 'qemu-system-x86',
};
/** Headers, which are no programs. */
const HEADERS = { '/usr/include/libelf.h': 'libelf-dev' };
/** What a step needs of this machine: programs and headers, each with the Debian package that has it. */
export const NEEDED = { programs: PROGRAMS, headers: HEADERS };

const onPath = name => (process.env.PATH ?? '').split(delimiter).some(folder => isFile(join(folder, name)));
const isFile = path => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

/** Packages of which this machine lacks a program. */
function missing({ programs, headers }) {
  const lacking = [
    ...Object.entries(programs).filter(([name]) => !onPath(name)),
    ...Object.entries(headers).filter(([path]) => !existsSync(path)),
  ];
  return lacking.map(([, name]) => name);
}

/** Installs what is missing of programs and headers, if that may be done. */
export async function ensurePrograms(needed, { log, limit, say }) {
  const packages = missing(needed);
  if (packages.length === 0) return;
  const install = ['install', '-y', '--no-install-recommends', ...packages];
  const remedy = `as root: apt-get update && apt-get ${install.join(' ')}`;
  if (packages.includes('apt') || process.getuid() !== 0) {
    throw new LabError(`not installed: ${packages.join(', ')} (the lab runs on Debian)`, remedy);
  }
  say(`installing ${packages.join(', ')} …`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await run('apt-get', ['update'], { log, limit, env });
  await run('apt-get', install, { log, limit, env });
  const left = missing(needed);
  if (left.length > 0) throw new LabError(`still not installed: ${left.join(', ')}`, remedy);
}
