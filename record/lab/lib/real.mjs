import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { LabError } from './lab-error.mjs';
import { nameOf } from './performance.mjs';
import { run as runProgram } from './run.mjs';

/** What a scenario finds at fixed places, and where a host has it. */
const GUEST = ['/guest/vmlinuz', '/guest/initrd.gz'];

/**
 * Runs a scenario on the Xen host that this is, for what the emulated machine lacks. The hypervisor must have the recorder
 * (apply.sh); its symbols are expected in DIR/symbols.
 */
export async function runHere({ run, lab, performance, say }) {
  if (!existsSync('/proc/xen/capabilities')) {
    throw new LabError('this is no Xen host', 'without --real the scenario runs in QEMU');
  }
  for (const path of GUEST) {
    if (!existsSync(path)) throw new LabError(`${path} is not there`, 'put a kernel and the lab’s guest.gz there');
  }
  const { folder, options } = performance.place(nameOf(run), 'boot');
  rmSync(join(folder, 'pipe'), { force: true });
  const both = `. "${join(lab, 'dom0', 'common.sh')}"; . "${join(lab, 'scenarios', `${run.scenario}.sh`)}"`;
  say(`${run.scenario} on this host …`);
  await runProgram('sh', ['-c', both], { ...options, cwd: folder, env: { CAPTURE: join(folder, 'capture.bin') } });
  writeFileSync(join(folder, 'console.log'), '');
  performance.keep(run, { release: releaseOf(), symbols: join(dirname(folder), 'symbols'), ended: 'done' });
  return performance.judge(nameOf(run));
}

/** The hypervisor's version, as Linux tells it. */
function releaseOf() {
  const part = name => readFileSync(`/sys/hypervisor/version/${name}`, 'utf8').trim();
  return `${part('major')}.${part('minor')}`;
}
