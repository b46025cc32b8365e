import { spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';
import { LabError } from './lab-error.mjs';

const TAIL_LINES = 15;

/** The last lines of a log, to be shown with an error. */
function tail(log) {
  return readFileSync(log, 'utf8').trimEnd().split('\n').slice(-TAIL_LINES).join('\n');
}

/** The whole group: make and QEMU have children. */
function killGroup(pid) {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has ended in the meantime.
  }
}

/**
 * Runs a program to its end; what it says goes to the end of a log. Returns its exit code, or null if its time (seconds)
 * was up or the signal came (the program and its children are then killed). Nothing of it outlives this process.
 */
export function spawned(command, args, { cwd, env, limit, log, signal }) {
  return new Promise((resolve, reject) => {
    const out = openSync(log, 'a');
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', out, out],
      detached: true,
    });
    closeSync(out);
    const stop = () => killGroup(child.pid);
    const interrupted = () => {
      stop();
      process.exit(130);
    };
    let late = false;
    const tooLate = () => {
      late = true;
      stop();
    };
    const timer = setTimeout(tooLate, limit * 1000);
    signal?.addEventListener('abort', tooLate);
    process.on('SIGINT', interrupted).on('SIGTERM', interrupted);
    const done = () => {
      clearTimeout(timer);
      process.off('SIGINT', interrupted).off('SIGTERM', interrupted);
    };
    child.on('error', error => {
      done();
      reject(new LabError(`${command} could not be started: ${error.message}`, 'install it, or put it on the PATH'));
    });
    child.on('close', code => {
      done();
      resolve(late ? null : (code ?? 1));
    });
  });
}

/** Like spawned, for a program that must end well within its limit (seconds). */
export async function run(command, args, options) {
  const code = await spawned(command, args, options);
  if (code === 0) return;
  const what = options.what ?? `${command} ${args.slice(0, 3).join(' ')}`;
  if (code === null) {
    throw new LabError(`${what}: not done after ${options.limit} s`, `see ${options.log}; --patience 2 doubles limits`);
  }
  throw new LabError(`${what}: exit code ${code}\n${tail(options.log)}`, `see ${options.log}`);
}
