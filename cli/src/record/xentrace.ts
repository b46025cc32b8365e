import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { P2mError } from '@p2mtrace/trace-format/errors';
import { STOP_SIGNALS } from '../input/interruptible.js';

/** What xentrace is to do. */
export interface XentraceSettings {
  /** The program. */
  readonly program: string;
  readonly mask: string;
  /** Ends by itself after that. */
  readonly seconds: number | undefined;
  /** Ring of each pcpu in MB; what Xen has where absent. It can be set once per boot of the host. */
  readonly bufferMb: number | undefined;
}

/**
 * xentrace's stdout has to be a pipe: before 4.18 it opens its FILE, /dev/stdout, which fails for the sockets that Node
 * gives its children. The shell makes one, and leaves signals to xentrace, so that nothing on its way is lost.
 */
const SCRIPT = `trap '' INT TERM HUP; { "$@" /dev/stdout; echo $? >&3; } | cat`;
const PAGE = 4096;
/** How long it may take to end once its records are read no more. */
const GRACE_MS = 2000;

/** A running xentrace. */
export interface Xentrace {
  readonly stdout: Readable;
  /**
   * Waits until it has ended, and sees to it that it does.
   * @throws P2mError P2M_XENTRACE (usage) if it failed
   */
  ended(): Promise<void>;
}

/** Starts xentrace with empty buffers; signals to this process end it. */
export function startXentrace({ program, mask, seconds, bufferMb }: XentraceSettings): Xentrace {
  const args = ['-D', '-e', mask];
  if (bufferMb !== undefined) args.push('-S', String(Math.max(1, Math.round((bufferMb * 2 ** 20) / PAGE))));
  if (seconds !== undefined) args.push('-T', String(seconds));
  // A group of its own: a terminal's Ctrl-C reaches only this process, which passes it on.
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'sh', program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
    detached: true,
  });
  let isOver = false;
  const kill = (signal: NodeJS.Signals) => {
    if (child.pid !== undefined && !isOver) process.kill(-child.pid, signal);
  };
  const stop = () => kill('SIGINT');
  for (const signal of STOP_SIGNALS) process.on(signal, stop);
  const [, stdout, stderr, result] = child.stdio as unknown as readonly [null, Readable, Readable, Readable];
  let said = '';
  let status = '';
  stderr.on('data', (piece: Buffer) => {
    said = `${said}${piece}`.slice(-2000);
  });
  result.on('data', (piece: Buffer) => {
    status += piece;
  });
  const end = new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => {
      isOver = true;
      resolve();
    });
  });
  return {
    stdout,
    async ended() {
      const timer = setTimeout(() => kill('SIGKILL'), GRACE_MS);
      try {
        await end;
      } finally {
        clearTimeout(timer);
        for (const signal of STOP_SIGNALS) process.off(signal, stop);
      }
      if (status.trim() !== '0') throw failed(program, status.trim(), said.trim());
    },
  };
}

function failed(program: string, status: string, said: string): P2mError {
  const why = said.split('\n').at(-1) || status;
  const [what, remedy] =
    status === '127'
      ? [`there is no ${program}`, "install Xen's tools (Debian package xen-utils-common), or name it with --xentrace"]
      : status === ''
        ? [`${program} did not end, and was killed`, 'what it had not written yet is lost']
        : [
            `${program} failed: ${why}`,
            'it needs root, a hypervisor built with tracing, and no other xentrace at work',
          ];
  return new P2mError('P2M_XENTRACE', what, { blame: 'usage', remedy });
}
