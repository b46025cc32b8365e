import { cpSync, existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { contentOf } from './kept.mjs';
import { LabError } from './lab-error.mjs';
import { run } from './run.mjs';

/** Release and branch of a tree, as its Makefile says: 4.17.5 of 4.17. */
export function versionOf(tree) {
  const makefile = join(tree, 'xen', 'Makefile');
  if (!existsSync(makefile)) throw new LabError(`${tree}: no Xen source tree`, 'name the folder that has xen/Makefile');
  const text = readFileSync(makefile, 'utf8');
  const value = name => new RegExp(`^export ${name}\\s*\\??=\\s*(\\S*)`, 'm').exec(text)?.[1] ?? '';
  const [major, minor] = [value('XEN_VERSION'), value('XEN_SUBVERSION')];
  const patch = /^\.(\d+)/.exec(value('XEN_EXTRAVERSION'))?.[1] ?? '0';
  return { branch: `${major}.${minor}`, release: `${major}.${minor}.${patch}` };
}

/** Debian's Xen source: the newest version that its archives really have. */
export async function debianSource(apt, folder, options) {
  await apt.refresh(options);
  const versions = apt
    .output('apt-cache', ['showsrc', 'xen'])
    .split('\n')
    .filter(line => line.startsWith('Version: '))
    .map(line => line.slice('Version: '.length));
  if (versions.length === 0)
    throw new LabError('no source package xen', 'is the main archive among the package sources?');
  for (const version of [...new Set(versions)].reverse()) {
    // Archives of security updates often lack their sources.
    const got = await apt.get(['source', '--download-only', `xen=${version}`], { ...options, cwd: folder }).then(
      () => true,
      () => false,
    );
    const dsc = readdirSync(folder).find(name => name.endsWith('.dsc'));
    if (got && dsc !== undefined) {
      await run('dpkg-source', ['--no-check', '-x', dsc, 'tree'], { ...options, cwd: folder });
      for (const name of readdirSync(folder)) if (name !== 'tree') rmSync(join(folder, name));
      return;
    }
    for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true });
  }
  throw new LabError(`no source of xen can be had (${versions.join(', ')})`, `see ${options.log}; or --xen TREE`);
}

/** What of a tree hypervisor and tools are built from. */
const PARTS = [
  ...['xen', 'tools', 'config', 'm4', 'scripts', 'Config.mk', 'configure', 'config.guess', 'config.sub', 'install.sh'],
  'version.sh',
];
/** Output of a build, which would spoil another, and trees that one has fetched. */
const isBuilt = name =>
  /\.(o|a|d|cmd|gz|efi|opic)$|-dir(-remote)?$|^(\.config|xen-syms.*|\.git|config\.(cache|log|status))$/.test(name);

/** What a tree contains, as one number; the output of a build in it does not count. */
export const stampOfTree = tree => contentOf(PARTS.map(name => join(tree, name)).filter(existsSync), isBuilt);

/** Copies what is needed of a tree; the tree itself is never changed. */
export function copyTree(tree, folder) {
  for (const name of PARTS) {
    const from = join(tree, name);
    if (!existsSync(from)) continue;
    cpSync(from, join(folder, 'tree', name), {
      recursive: true,
      verbatimSymlinks: true,
      filter: path => !isBuilt(basename(path)),
    });
  }
}
