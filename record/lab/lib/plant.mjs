import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { run } from './run.mjs';

/** What the lab needs besides its faults: sharing without VMX, and the last records of a hypervisor that stops. */
const NEEDED = { 'sharing.cocci': 'arch/x86/mm/mem_sharing.c', 'panic.cocci': 'drivers/char/console.c' };

const fileOf = (tree, path) => join(tree, 'xen', path);

/** The files that a fault is planted in. */
const filesOf = ({ file }) => [file].flat();

/** Semantic patches by the file that they change. */
function patchesByFile(lab, faults, tree) {
  const patches = [
    ...Object.entries(NEEDED).map(([name, file]) => [file, join(lab, 'xen', name)]),
    ...Object.entries(faults).flatMap(([name, fault]) =>
      filesOf(fault).map(file => [file, join(lab, 'faults', `${name}.cocci`)]),
    ),
  ];
  const byFile = new Map();
  for (const [file, path] of patches) {
    if (existsSync(fileOf(tree, file))) byFile.set(file, [...(byFile.get(file) ?? []), path]);
  }
  return byFile;
}

/** Applies all patches of one file at once, as spatch takes its time to read it. */
async function patchFile({ file, patches, macros, tree, work, options }) {
  const all = join(work, `${basename(file)}.cocci`);
  writeFileSync(all, patches.map(path => readFileSync(path, 'utf8')).join('\n'));
  const spatch = ['--very-quiet', '--no-show-diff', '--macro-file', macros, '--no-includes', '--in-place'];
  await run('spatch', [...spatch, '--sp-file', all, fileOf(tree, file)], options);
  include(fileOf(tree, file));
}

/** Includes lab.h behind the last of Xen's own headers, if anything of it is used. */
function include(path) {
  const text = readFileSync(path, 'utf8');
  if (!/\bLAB\(|\blab_/.test(text)) return;
  const [last] = [...text.matchAll(/^#include <xen\/.*$/gm)].slice(-1);
  const end = last.index + last[0].length;
  writeFileSync(path, `${text.slice(0, end)}\n#include <xen/lab.h>${text.slice(end)}`);
}

/** Whether a patch has changed a file. */
function isPlanted(tree, name, file) {
  const path = fileOf(tree, file);
  return existsSync(path) && new RegExp(`\\bLAB_${name}\\b|\\bLAB\\(${name},`).test(readFileSync(path, 'utf8'));
}

/** Plants all faults in a tree, and returns the names of those that it can have. */
export async function plantAll({ lab, faults, macros, tree, work, options }) {
  const waiting = [...patchesByFile(lab, faults, tree)];
  const worker = async () => {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [file, patches] = next;
      await patchFile({ file, patches, macros, tree, work, options });
    }
  };
  await Promise.all(Array.from({ length: options.jobs }, worker));
  const planted = Object.entries(faults)
    .filter(([name, fault]) => filesOf(fault).some(file => isPlanted(tree, name, file)))
    .map(([name]) => name);
  writeFileSync(fileOf(tree, 'include/xen/lab.h'), readFileSync(join(lab, 'xen', 'lab.h')));
  writeFileSync(fileOf(tree, 'include/xen/lab-faults.h'), planted.map(name => `LAB_FAULT(${name})\n`).join(''));
  writeFileSync(fileOf(tree, 'common/lab.c'), readFileSync(join(lab, 'xen', 'lab.c')));
  const makefile = fileOf(tree, 'common/Makefile');
  writeFileSync(makefile, readFileSync(makefile, 'utf8').replace(/^obj-y/m, 'obj-y += lab.o\nobj-y'));
  return planted;
}
