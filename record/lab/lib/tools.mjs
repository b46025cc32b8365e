import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { follow } from './follow.mjs';
import { contentOf } from './kept.mjs';
import { run } from './run.mjs';

/** What the tools take of a tree: their own folder, and what they share with the hypervisor. */
const TAKEN = [
  ...['tools', 'config', 'Config.mk', 'xen/Makefile', 'xen/include/public', 'xen/include/xen/lib', 'xen/common/libelf'],
  ...['xen/lib', 'xen/arch/x86/lib'],
];
/** Nothing that is fetched from elsewhere or needs another language; a version ignores what it does not know. */
const CONFIGURE = [
  ...['--prefix=/usr', '--sysconfdir=/etc', '--localstatedir=/var', '--disable-xen', '--disable-docs'],
  ...['--disable-stubdom', '--disable-werror', '--disable-systemd', '--disable-monitors', '--disable-golang'],
  ...['--disable-qemu-traditional', '--disable-rombios', '--disable-seabios', '--disable-ovmf', '--disable-ipxe'],
  ...['--disable-pvshim', '--disable-pygrub', '--disable-ocamltools', '--disable-xsmpolicy'],
  ...['--with-system-qemu=/bin/true', '--with-system-seabios=/bin/true'],
];
/** What scenarios run, in the order of what needs what; a version lacks some of the folders (xenstore was split in 4.18). */
const PARTS = 'include libs xenstore xs-clients xenstored xentrace console xl helpers xenpaging'.split(' ');

/** What decides how the tools of a tree are: a change of the hypervisor alone builds none anew. */
export const toolsOf = tree => ({
  tools: contentOf(TAKEN.map(name => join(tree, name)).filter(existsSync)),
  configure: CONFIGURE,
  parts: PARTS,
});

/** What tools are built with, each with the Debian package that has it. */
export const NEEDED_BY_TOOLS = {
  programs: { iasl: 'acpica-tools', 'pkg-config': 'pkg-config', perl: 'perl', 'python3-config': 'python3-dev' },
  headers: {
    '/usr/include/uuid/uuid.h': 'uuid-dev',
    '/usr/include/curses.h': 'libncurses-dev',
    '/usr/include/zlib.h': 'zlib1g-dev',
    // One or the other: libxl has read JSON with json-c since 4.21.
    '/usr/include/json-c/json.h': 'libjson-c-dev',
    '/usr/include/yajl/yajl_gen.h': 'libyajl-dev',
  },
};

/**
 * Builds the tools of a source tree, which alone can drive its hypervisor: the interface between them changes with each
 * version. They are installed into the folder `root` of `folder`. The build's own folder stays.
 */
export async function buildTools({ source, work, folder, options }) {
  follow(join(source, 'tree'), work);
  const tools = join(work, 'tools');
  await run('./configure', CONFIGURE, { ...options, cwd: work, what: 'configure of the tools' });
  const root = join(folder, 'root');
  mkdirSync(root);
  for (const name of PARTS.filter(part => existsSync(join(tools, part)))) {
    const make = ['-C', join(tools, name), `-j${options.jobs}`, 'install', `DESTDIR=${root}`];
    await run('make', make, { ...options, what: `make of tools/${name}` });
  }
}
