import { spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
import { P2mError, usageError } from '@p2mtrace/trace-format/errors';
import { EXIT } from '../exit.js';
import { NOTE_FD } from './note-fd.js';

/** Names the process that waits for this one. */
const PARENT = 'P2MTRACE_PARENT';
const PASSED_ON = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const FIRST_SIGNAL_CODE = 128;

/** The process for which this one runs a command, 0 for none. */
export function parentProcess(): number {
  const parent = Number(process.env[PARENT] ?? 0);
  return parent === process.ppid ? parent : 0;
}

/**
 * Runs this command line in a process of its own, whose exit code it returns: native code that takes all memory, does
 * not end or crashes costs that process alone.
 * What it exceeded it says itself, before it is killed.
 * @throws P2mError P2M_SQL, P2M_INTERRUPTED (usage)
 */
export async function runIsolated(): Promise<number> {
  const [, main, ...args] = process.argv;
  const child = spawn(process.execPath, [...process.execArgv, main, ...args], {
    stdio: ['inherit', 'inherit', 'inherit', 'pipe'],
    env: { ...process.env, [PARENT]: String(process.pid) },
  });
  let note = '';
  (child.stdio[NOTE_FD] as Readable).on('data', text => {
    note += text;
  });
  // A terminal sends its signals to both.
  const passOn = (signal: NodeJS.Signals) => {
    if (!process.stdin.isTTY) child.kill(signal);
  };
  for (const signal of PASSED_ON) process.on(signal, passOn);
  try {
    const [code, signal] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
      child.once('error', reject).once('close', (code, signal) => resolve([code, signal]));
    });
    if (code !== null) return code;
    if (note === '') return endedBy(signal);
    process.stderr.write(note);
    return EXIT.limit;
  } finally {
    for (const signal of PASSED_ON) process.off(signal, passOn);
  }
}

async function endedBy(signal: NodeJS.Signals | null): Promise<number> {
  const { constants } = await import('node:os');
  const number = signal === null ? 0 : constants.signals[signal];
  // Before the other process was ready to say so itself.
  if (signal === 'SIGINT') throw usageError('P2M_INTERRUPTED', 'the query was interrupted', 'run it again');
  if (signal === 'SIGTERM' || signal === 'SIGHUP' || signal === 'SIGPIPE') {
    return FIRST_SIGNAL_CODE + number;
  }
  throw new P2mError('P2M_SQL', `the query brought DuckDB down (${signal})`, {
    blame: 'usage',
    remedy: 'ask in another way, or for less: it may have run out of memory',
  });
}
