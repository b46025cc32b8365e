import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { follow } from './follow.mjs';
import { LabError } from './lab-error.mjs';
import { plantAll } from './plant.mjs';
import { run } from './run.mjs';

/** What the scenarios need of the hypervisor, beyond its defaults. */
export const CONFIG = ['EXPERT', 'UNSUPPORTED', 'SHADOW_PAGING', 'MEM_SHARING', 'MEM_PAGING', 'TRACEBUFFER'];

/** A function that ends in a call stays its caller: otherwise a reference is told of the function one further up. */
export const FLAGS = '-fno-optimize-sibling-calls';

/**
 * Builds a hypervisor of a source tree into a folder: xen (QEMU wants it unpacked), symbols (nm), and planted.json, the
 * faults that it has. The build's own folder stays, so that the next build is a short one.
 * @param kind `lab` for the recorder and all faults, `recorder` for that alone, `stock` for neither
 */
export async function buildHypervisor({ kind, record, lab, source, faults, work, folder, options }) {
  const tree = join(folder, 'tree');
  cpSync(join(source, 'tree'), tree, { recursive: true, verbatimSymlinks: true });
  const macros = join(record, 'xen-macros.h');
  const planted = kind === 'lab' ? await plantAll({ lab, faults, macros, tree, work: folder, options }) : [];
  if (kind !== 'stock') await run('bash', [join(record, 'apply.sh'), tree], options);
  follow(tree, work);
  rmSync(tree, { recursive: true });
  const xen = join(work, 'xen');
  const make = (...targets) =>
    run('make', ['-C', xen, 'XEN_TARGET_ARCH=x86_64', `EXTRA_CFLAGS_XEN_CORE=${FLAGS}`, ...targets], options);
  const path = join(xen, '.config');
  const isSet = name => readFileSync(path, 'utf8').includes(`\nCONFIG_${name}=y\n`);
  if (!existsSync(path) || !CONFIG.every(isSet)) {
    await make('defconfig');
    const config = readFileSync(path, 'utf8');
    const others = config.split('\n').filter(line => !CONFIG.some(name => line.includes(`CONFIG_${name}`)));
    writeFileSync(path, [...others, ...CONFIG.map(name => `CONFIG_${name}=y`), ''].join('\n'));
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
