import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LabError } from './lab-error.mjs';
import { run, spawned } from './run.mjs';

/** An AMD machine with nested paging, without what QEMU emulates wrongly. */
const CPU = 'EPYC,+svm,+npt,-monitor,-smap,-smep,-nrip-save,-rdtscp';
/** Walks of guests' page tables are most of the volume, and balanced; scenarios in which others count with them say so. */
const RECORD = 'p2mtrace=no-walks';
const XEN =
  'com1=115200,8n1 console=com1 cpuidle=0 mwait-idle=0 dom0_max_vcpus=1 dom0_vcpus_pin loglvl=all guest_loglvl=all spec-ctrl=no ucode=no';
const THREADS = ['-accel', 'tcg,thread=multi'];
const LINUX = 'console=hvc0 mitigations=off quiet loglevel=4 panic=1';
/** What a scenario wants of Xen's command line. */
const XEN_LINE = /^# xen: (.*)$/m;
/** A machine that says and records nothing for so long has stopped (seconds, times patience). */
const SILENCE = 120;

const sizeOf = path => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/**
 * Boots the hypervisor with a scenario, a path. Leaves capture.bin, console.log and logs.tar in a folder, whatever happens.
 * @param settings lines of shell before the scenario
 * @param accel how QEMU emulates: with threads of its own for the machine's cores, if nothing is said
 */
export async function boot({
  hypervisor,
  initramfs,
  lab,
  scenario,
  settings = '',
  xenArguments,
  accel,
  folder,
  options,
}) {
  const work = mkdtempSync(join(tmpdir(), 'p2mtrace-lab-'));
  try {
    const disk = join(work, 'scenario.tar');
    const [common, script] = [join(lab, 'dom0', 'common.sh'), scenario].map(path => readFileSync(path, 'utf8'));
    writeFileSync(join(work, 'scenario.sh'), [settings, common, script].join('\n'));
    await run('tar', ['cf', disk, '-C', work, 'scenario.sh'], options);
    const own = XEN_LINE.exec(script)?.[1] ?? '';
    await machine({ hypervisor, initramfs, disk, xenArguments: `${own} ${xenArguments}`, accel, folder, options });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

async function machine({ hypervisor, initramfs, disk, xenArguments, accel = THREADS, folder, options }) {
  const [consoleLog, capture, logs] = ['console.log', 'capture.bin', 'logs.tar'].map(name => join(folder, name));
  for (const path of [consoleLog, capture, logs]) rmSync(path, { force: true });
  const port = (name, path) => [
    ...['-chardev', `file,id=${name},path=${path}`, '-device', `virtserialport,chardev=${name},name=${name}`],
  ];
  const args = [
    ...['-machine', 'pc', ...accel, '-cpu', CPU, '-smp', '2', '-m', '1536'],
    ...['-display', 'none', '-monitor', 'none', '-no-reboot', '-nic', 'none', '-serial', `file:${consoleLog}`],
    ...['-drive', `file=${disk},format=raw,if=virtio,readonly=on`],
    ...['-device', 'virtio-serial-pci', ...port('capture', capture), ...port('logs', logs)],
    ...['-kernel', join(hypervisor, 'xen'), '-append', `${XEN} dom0_mem=640M ${RECORD} ${xenArguments}`],
    ...['-initrd', `${join(initramfs, 'vmlinuz')} ${LINUX},${join(initramfs, 'dom0.gz')}`],
  ];
  const code = await watched('qemu-system-x86_64', args, options, () => sizeOf(consoleLog) + sizeOf(capture));
  if (!existsSync(consoleLog) || sizeOf(consoleLog) === 0) {
    throw new LabError('the machine said nothing', `see ${options.log}: is it QEMU with 64-bit x86?`);
  }
  return code;
}

/** Runs QEMU until it ends, its time is up, or it has stopped. Seconds in which this machine itself slept do not count. */
async function watched(command, args, options, progress) {
  const quiet = new AbortController();
  let [last, silent] = [0, 0];
  const timer = setInterval(() => {
    const now = progress();
    silent = now === last ? silent + 1 : 0;
    last = now;
    if (silent > SILENCE * options.patience) quiet.abort();
  }, 1000);
  try {
    return await spawned(command, args, { ...options, signal: quiet.signal });
  } finally {
    clearInterval(timer);
  }
}

/** How a machine ended, by its console: with its scenario, by a panic, or neither. */
export function endOf(consoleLog) {
  const text = readFileSync(consoleLog, 'latin1');
  const ended = /LAB: scenario ended with (\d+)/.exec(text);
  if (ended !== null) {
    const failed = /LAB: FAILED: (.*)/.exec(text)?.[1];
    return ended[1] === '0' ? { how: 'done' } : { how: 'failed', why: failed?.trim() ?? `exit code ${ended[1]}` };
  }
  const panic = /Panic on CPU \d+:[\s\S]*?\(XEN\) (.*)/.exec(text);
  if (panic !== null) return { how: 'panic', why: panic[1].trim() };
  return { how: 'stopped', why: /LAB: toolstack is up/.test(text) ? 'no end of the scenario' : 'dom0 did not come up' };
}
