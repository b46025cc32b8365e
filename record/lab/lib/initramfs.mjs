import { execFileSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { filesBelow } from './kept.mjs';
import { LabError } from './lab-error.mjs';
import { run } from './run.mjs';

/** Drivers of dom0 that Debian's kernel has as modules. */
const DOM0_MODULES = [
  ...['xen-evtchn', 'xen-gntdev', 'xen-gntalloc', 'xen-privcmd', 'xenfs', 'xen-blkback', 'loop'],
  ...['virtio', 'virtio_ring', 'virtio_pci', 'virtio_pci_modern_dev', 'virtio_pci_legacy_dev', 'virtio_blk'],
  'virtio_console',
];
const GUEST_MODULES = ['xen-blkfront'];
/** Programs of the toolstack; those that a version lacks are left out. */
const PROGRAMS = [
  ...['xl', 'xenstored', 'xenconsoled', 'xentrace', 'xen-init-dom0', 'xenpaging', 'libxl-save-helper'],
  ...['xenstore-read', 'xenstore-write', 'xenstore-ls'],
];
const LIBGCC = '/lib/x86_64-linux-gnu/libgcc_s.so.1';
const DOM0_FOLDERS = [
  ...['bin', 'sbin', 'proc', 'sys', 'dev', 'tmp', 'run', 'root', 'lib', 'lib64', 'usr/lib', 'guest', 'lib/modules'],
  ...['var/lock', 'var/log/xen', 'var/lib/xen', 'var/lib/xenstored', 'etc/xen/scripts'],
];

/** Copies a file, and makes it a program. */
function program(from, to) {
  mkdirSync(dirname(to), { recursive: true });
  cpSync(from, to, { dereference: true });
  chmodSync(to, 0o755);
}

function busybox(path, root) {
  program(path, join(root, 'bin', 'busybox'));
  const names = execFileSync(path, ['--list'], { encoding: 'utf8' }).trim().split('\n');
  for (const name of names) if (name !== 'busybox') symlinkSync('busybox', join(root, 'bin', name));
}

/** Modules of a kernel by name; newer packages have them compressed. */
async function modules(kernel, names, folder, options) {
  const found = new Map(filesBelow(kernel).map(({ path }) => [basename(path).replace(/\.ko(\.xz)?$/, ''), path]));
  mkdirSync(folder, { recursive: true });
  for (const name of names) {
    const path = found.get(name);
    if (path === undefined) continue;
    cpSync(path, join(folder, basename(path)));
    if (path.endsWith('.xz')) await run('xz', ['-d', join(folder, basename(path))], options);
  }
}

/** Libraries that the programs in a folder load: of the toolstack first, of this machine otherwise. */
function libraries(root, toolstack) {
  const own = [
    ...new Set(
      filesBelow(toolstack)
        .filter(({ path }) => /\.so[.\d]*$/.test(path))
        .map(({ path }) => dirname(path)),
    ),
  ];
  const env = { ...process.env, LD_LIBRARY_PATH: own.join(':') };
  const seen = new Set();
  // ldd lists what libraries need, too.
  for (const { path, link } of filesBelow(root)) {
    if (link || !/\/(s?bin|lib\/xen[^/]*\/bin|libexec)\//.test(path) || path.endsWith('/busybox')) continue;
    for (const library of needed(path, env)) seen.add(library);
  }
  // glibc loads this one by itself, when a thread ends.
  if (existsSync(LIBGCC)) seen.add(LIBGCC);
  for (const library of seen) {
    cpSync(library, join(root, library.includes('/lib64/') ? 'lib64' : 'lib', basename(library)), {
      dereference: true,
    });
  }
}

function needed(path, env) {
  let text;
  try {
    text = execFileSync('ldd', [path], { encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'ignore'] });
  } catch {
    return []; // a script
  }
  const missing = /(\S+) => not found/.exec(text);
  if (missing !== null) throw new LabError(`${basename(path)} needs ${missing[1]}`, 'install the package that has it');
  return [...text.matchAll(/^\s*(?:\S+ => )?(\/\S+) \(0x/gm)].map(([, library]) => library);
}

const pack = (root, out, options) =>
  run('sh', ['-c', `cd "${root}" && find . | cpio -o -H newc --quiet | gzip -1 > "${out}"`], options);

/** The file system of the guests. */
async function guestImage({ lab, kernel, shell, folder, options }) {
  const root = join(folder, 'guest');
  for (const name of ['bin', 'proc', 'sys', 'dev', 'tmp']) mkdirSync(join(root, name), { recursive: true });
  busybox(shell, root);
  await modules(kernel, GUEST_MODULES, join(root, 'lib', 'modules'), options);
  program(join(lab, 'dom0', 'guest-init'), join(root, 'init'));
  await pack(root, join(folder, 'guest.gz'), options);
}

/** Compiles labctl against the toolstack's own libxenctrl. */
async function labctl({ lab, toolstack, folder, options }) {
  const libraryFolder = dirname(filesBelow(toolstack).find(({ path }) => /libxenctrl\.so\.[\d.]+$/.test(path)).path);
  const libraries = readdirSync(libraryFolder)
    .filter(name => /^libxen(ctrl|foreignmemory)\.so\.[\d.]+$/.test(name))
    .map(name => join(libraryFolder, name));
  const flags = ['-O2', '-Wall', '-Werror', `-I${join(toolstack, 'usr', 'include')}`];
  // Libraries of these libraries are found when it runs.
  const link = ['-Wl,--allow-shlib-undefined', `-Wl,-rpath-link,${libraryFolder}`];
  await run(
    'gcc',
    [...flags, '-o', join(folder, 'labctl'), join(lab, 'dom0', 'labctl.c'), ...libraries, ...link],
    options,
  );
}

/** Makes dom0's initramfs: busybox, a kernel's modules, the toolstack, and the guests' kernel and file system. */
export async function makeInitramfs({ lab, kernel, toolstack, shell, folder, options }) {
  const root = join(folder, 'dom0');
  for (const name of DOM0_FOLDERS) mkdirSync(join(root, name), { recursive: true });
  busybox(shell, root);
  await modules(kernel, DOM0_MODULES, join(root, 'lib', 'modules'), options);
  await labctl({ lab, toolstack, folder, options });
  program(join(folder, 'labctl'), join(root, 'bin', 'labctl'));
  for (const { path, link } of filesBelow(toolstack)) {
    const name = basename(path);
    // Debian has links to a script that looks for the running version.
    if (link || !PROGRAMS.includes(name) || !/\/s?bin\//.test(path)) continue;
    const place = path.slice(toolstack.length);
    program(path, join(root, place));
    if (!existsSync(join(root, 'bin', name))) symlinkSync(place, join(root, 'bin', name));
  }
  libraries(root, toolstack);
  await guestImage({ lab, kernel, shell, folder, options });
  cpSync(vmlinuz(kernel), join(root, 'guest', 'vmlinuz'));
  cpSync(join(folder, 'guest.gz'), join(root, 'guest', 'initrd.gz'));
  program(join(lab, 'dom0', 'init'), join(root, 'init'));
  program(join(lab, 'dom0', 'block'), join(root, 'etc', 'xen', 'scripts', 'block'));
  writeFileSync(join(root, 'etc', 'xen', 'xl.conf'), '');
  writeFileSync(join(root, 'etc', 'passwd'), 'root:x:0:0::/root:/bin/sh\n');
  await pack(root, join(folder, 'dom0.gz'), options);
  for (const name of ['dom0', 'guest']) rmSync(join(folder, name), { recursive: true });
  cpSync(vmlinuz(kernel), join(folder, 'vmlinuz'));
}

function vmlinuz(kernel) {
  const name = readdirSync(join(kernel, 'boot')).find(file => file.startsWith('vmlinuz'));
  if (name === undefined) throw new LabError('the kernel package has no vmlinuz', 'remove the cache and try again');
  return join(kernel, 'boot', name);
}
