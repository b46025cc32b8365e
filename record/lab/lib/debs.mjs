import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './lab-error.mjs';
import { run } from './run.mjs';

/**
 * Packages to unpack for some that are wanted: these, what they need of the same source, and whatever else of it this
 * machine has not installed. Libraries that it has are taken from it.
 */
function closure(apt, wanted, own) {
  const needed = apt
    .output('apt-cache', ['depends', '--recurse', '--important', ...wanted])
    .split('\n')
    .filter(line => own.test(line));
  const lacking = apt
    .output('apt-get', ['install', '--print-uris', '-y', '--no-install-recommends', ...wanted])
    .split('\n')
    .filter(line => line.startsWith("'"))
    .map(line => line.split(' ')[1].split('_')[0]);
  return [...new Set([...wanted, ...needed, ...lacking])];
}

/** Downloads packages and unpacks them into a folder, without installing anything. */
export async function unpackDebs(apt, wanted, own, folder, options) {
  await apt.refresh(options);
  const names = closure(apt, wanted, own);
  const unknown = wanted.filter(name => apt.output('apt-cache', ['show', name]) === '');
  if (unknown.length > 0) {
    throw new LabError(`no such package: ${unknown.join(', ')}`, 'the lab runs on the Debian release that has it');
  }
  const debs = join(folder, 'debs');
  mkdirSync(debs);
  await apt.get(['download', ...names], { ...options, cwd: debs });
  for (const deb of readdirSync(debs))
    await run('dpkg-deb', ['-x', deb, join(folder, 'root')], { ...options, cwd: debs });
  rmSync(debs, { recursive: true });
}
