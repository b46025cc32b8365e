import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { LabError } from './lab-error.mjs';
import { run } from './run.mjs';

/** Packages to unpack for some that are wanted: these, and what they need whose names fit. */
function closure(apt, wanted, own) {
  const needed = apt.output('apt-cache', ['depends', '--recurse', '--important', ...wanted]).split('\n');
  return [...new Set([...wanted, ...needed.filter(line => own?.test(line))])];
}

/** Libraries and the like that this machine has not installed. */
function lacking(apt, wanted) {
  return apt
    .output('apt-get', ['install', '--print-uris', '-y', '--no-install-recommends', ...wanted])
    .split('\n')
    .filter(line => line.startsWith("'"))
    .map(line => line.split(' ')[1].split('_')[0]);
}

/**
 * Downloads packages and unpacks them into a folder, without installing anything: those that are wanted, those that they
 * need whose names fit `own`, and, with `libraries`, all others that they need and this machine lacks.
 */
export async function unpackDebs(apt, { wanted, own, libraries = false }, folder, options) {
  await apt.refresh(options);
  const names = [...new Set([...closure(apt, wanted, own), ...(libraries ? lacking(apt, wanted) : [])])];
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
