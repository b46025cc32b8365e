import { spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { P2mError, usageError } from '@p2mtrace/trace-format/errors';
import { EXIT } from '../exit.js';

/** Most bytes of an answer that are kept. */
const MOST = 64 << 20;

export interface Asked {
  readonly text: string;
  /** True if the answer was longer: the text ends at the end of a line. */
  readonly cut: boolean;
}

export interface AskOptions {
  readonly stdin?: string;
  readonly signal?: AbortSignal;
  /** Lines after which the rest of the answer is not waited for. */
  readonly lines?: number;
  /** True if whatever else the machine does goes first. */
  readonly isPatient?: boolean;
}

/**
 * Asks this command line itself, in a process of its own: what takes seconds or memory costs that process alone, obeys
 * the limits that the command has, and says what a terminal would be told.
 * @throws P2mError as the command says it; P2M_INTERRUPTED if nobody waits for the answer any more
 */
export function askCommand(
  args: readonly string[],
  { stdin, signal, lines, isPatient = false }: AskOptions = {},
): Promise<Asked> {
  const child = spawn(process.execPath, [...process.execArgv, process.argv[1], ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  if (isPatient && child.pid !== undefined) lowerPriority(child.pid);
  const stop = () => child.kill();
  signal?.addEventListener('abort', stop);
  // It may end without reading all of it.
  child.stdin.on('error', () => undefined).end(stdin ?? '');
  const parts: Buffer[] = [];
  let [bytes, count, cut, said] = [0, 0, false, ''];
  child.stdout.on('data', (part: Buffer) => {
    if (cut) return;
    parts.push(part);
    bytes += part.length;
    if (lines !== undefined) for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) count++;
    if (bytes <= MOST && (lines === undefined || count <= lines)) return;
    cut = true;
    stop();
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-8192);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', code => {
      signal?.removeEventListener('abort', stop);
      const text = Buffer.concat(parts).toString('utf8');
      if (cut) resolve({ text: text.slice(0, text.lastIndexOf('\n') + 1), cut });
      else if (signal?.aborted) reject(usageError('P2M_INTERRUPTED', 'nobody waits for the answer any more'));
      else if (code === EXIT.fine || code === EXIT.findings || (code === EXIT.input && text !== ''))
        resolve({ text, cut });
      else reject(errorOf(said));
    });
  });
}

function lowerPriority(pid: number): void {
  try {
    setPriority(pid, constants.priority.PRIORITY_LOW);
  } catch {
    // It has ended, or this system has no priorities.
  }
}

/** `p2mtrace: P2M_SQL: what` and, on the next line, the remedy. */
function errorOf(said: string): P2mError {
  const [, code, what, rest] = /^p2mtrace: (P2M_\w+): (.*)\n?([\s\S]*)/m.exec(said) ?? [];
  if (code === undefined) return new P2mError('P2M_UI', said.trim() || 'the command ended without an answer');
  return new P2mError(code, what, { blame: 'usage', remedy: rest.trim() || 'ask in another way' });
}
