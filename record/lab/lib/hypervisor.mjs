import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { filesBelow } from './kept.mjs';
import { LabError } from './lab-error.mjs';
import { run } from './run.mjs';

/** What the scenarios need of the hypervisor, beyond its defaults. */
const CONFIG = ['EXPERT', 'UNSUPPORTED', 'MEM_SHARING', 'MEM_PAGING', 'TRACEBUFFER'];

const fileOf = (xen, path) => join(xen, 'xen', path);

/** Puts one fault into a tree; false if the tree has nothing that it changes. */
async function plant({ name, fault, path, macros, tree, options }) {
  const files = fault.files.filter(file => existsSync(fileOf(tree, file)));
  if (files.length > 0) {
    await patch(
      path,
      files.map(file => fileOf(tree, file)),
      macros,
      options,
    );
  }
  const changed = files.filter(file =>
    new RegExp(`\\bLAB_${name}\\b|\\bLAB\\(${name},`).test(readFileSync(fileOf(tree, file), 'utf8')),
  );
  for (const file of changed) include(fileOf(tree, file));
  return changed.length > 0;
}

/** Includes lab.h behind the last of Xen's own headers. */
function include(path) {
  const text = readFileSync(path, 'utf8');
  if (text.includes('<xen/lab.h>')) return;
  const [last] = [...text.matchAll(/^#include <xen\/.*$/gm)].slice(-1);
  const end = last.index + last[0].length;
  writeFileSync(path, `${text.slice(0, end)}\n#include <xen/lab.h>${text.slice(end)}`);
}

/** Plants all faults and what the emulated machine needs, and returns the names of those that the tree can have. */
async function plantAll({ lab, faults, macros, tree, options }) {
  const planted = [];
  for (const [name, fault] of Object.entries(faults)) {
    const path = join(lab, 'faults', `${name}.cocci`);
    if (await plant({ name, fault, path, macros, tree, options })) planted.push(name);
  }
  for (const name of ['lab.h', 'lab-faults.h']) {
    const text =
      name === 'lab.h' ? readFileSync(join(lab, 'xen', name)) : planted.map(one => `LAB_FAULT(${one})\n`).join('');
    writeFileSync(fileOf(tree, `include/xen/${name}`), text);
  }
  writeFileSync(fileOf(tree, 'common/lab.c'), readFileSync(join(lab, 'xen', 'lab.c')));
  const makefile = fileOf(tree, 'common/Makefile');
  writeFileSync(makefile, readFileSync(makefile, 'utf8').replace(/^obj-y/m, 'obj-y += lab.o\nobj-y'));
  return planted;
}

/** What the lab needs besides: sharing without VMX, and last records of a hypervisor that stops. */
async function adapt({ lab, macros, tree, options }) {
  await patch(join(lab, 'xen', 'sharing.cocci'), [fileOf(tree, 'arch/x86/mm/mem_sharing.c')], macros, options);
  const consoleFile = fileOf(tree, 'drivers/char/console.c');
  await patch(join(lab, 'xen', 'panic.cocci'), [consoleFile], macros, options);
  include(consoleFile);
}

/** Applies a semantic patch to files. */
function patch(path, files, macros, options) {
  const spatch = ['--very-quiet', '--no-show-diff', '--macro-file', macros, '--no-includes', '--in-place'];
  return run('spatch', [...spatch, '--sp-file', path, ...files], options);
}

/** Makes a folder the same as another one; only what differs is written, so that make has little to do. */
export function follow(from, to) {
  for (const { path, link } of filesBelow(from)) {
    const target = join(to, relative(from, path));
    if (!link && existsSync(target) && readFileSync(target).equals(readFileSync(path))) continue;
    mkdirSync(dirname(target), { recursive: true });
    rmSync(target, { force: true });
    cpSync(path, target, { verbatimSymlinks: true });
  }
}

/**
 * Builds the hypervisor of a source tree with the recorder and all faults into a folder: xen (QEMU wants it unpacked), symbols (nm), and
 * planted.json, the faults that it has. The build's own folder stays, so that the next build is a short one.
 */
export async function buildHypervisor({ record, lab, source, faults, work, folder, options }) {
  const tree = join(folder, 'tree');
  cpSync(join(source, 'tree'), tree, { recursive: true, verbatimSymlinks: true });
  const macros = join(record, 'xen-macros.h');
  const planted = await plantAll({ lab, faults, macros, tree, options });
  await adapt({ lab, macros, tree, options });
  await run('bash', [join(record, 'apply.sh'), tree], options);
  follow(tree, work);
  rmSync(tree, { recursive: true });
  const xen = join(work, 'xen');
  const make = (...targets) => run('make', ['-C', xen, 'XEN_TARGET_ARCH=x86_64', ...targets], options);
  if (!existsSync(join(xen, '.config'))) {
    await make('defconfig');
    const config = readFileSync(join(xen, '.config'), 'utf8');
    const others = config.split('\n').filter(line => !CONFIG.some(name => line.includes(`CONFIG_${name}`)));
    writeFileSync(join(xen, '.config'), [...others, ...CONFIG.map(name => `CONFIG_${name}=y`), ''].join('\n'));
    await make('olddefconfig');
  }
  await make(`-j${options.jobs}`);
  const built = ['xen', 'xen-syms'].map(name => join(xen, name));
  const lacking = built.find(path => !existsSync(path));
  if (lacking !== undefined) throw new LabError(`make left no ${lacking}`, `see ${options.log}`);
  cpSync(built[0], join(folder, 'xen'));
  await run('sh', ['-c', `nm -n "${built[1]}" > "${join(folder, 'symbols')}"`], options);
  writeFileSync(join(folder, 'planted.json'), JSON.stringify(planted));
}
