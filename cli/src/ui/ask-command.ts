import { type ChildProcess, spawn } from 'node:child_process';
import { constants, setPriority } from 'node:os';
import { P2mError, usageError } from '@p2mtrace/trace-format/errors';
import { EXIT } from '../exit.js';
import { AtMost } from './at-most.js';

/** Most bytes of an answer that are kept. */
const MOST = 64 << 20;

/** So many at once: each may take the memory that a query may. What is not urgent does not stand in their way. */
const urgent = new AtMost(2);
const patient = new AtMost(1);

/** A command, its options, and behind them what may look like one: paths, names that a trace gave, text that was typed. */
export interface Question {
  readonly command: string;
  readonly options?: readonly string[];
  readonly args: readonly string[];
}

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
export function askCommand(question: Question, options: AskOptions = {}): Promise<Asked> {
  const queue = options.isPatient === true ? patient : urgent;
  return queue.run(() => answerOf(question, options));
}

async function answerOf({ command, options = [], args }: Question, asking: AskOptions): Promise<Asked> {
  // While it stood in the queue, whoever asked may have gone.
  if (asking.signal?.aborted) throw nobodyWaits();
  const own = [...process.execArgv, process.argv[1]];
  const child = spawn(process.execPath, [...own, command, ...options, '--', ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  if (asking.isPatient === true && child.pid !== undefined) lowerPriority(child.pid);
  // It may end without reading all of it.
  child.stdin.on('error', () => undefined).end(asking.stdin ?? '');
  return readAnswer(child, asking);
}

function readAnswer(child: ChildProcess, { signal, lines }: AskOptions): Promise<Asked> {
  const stop = () => child.kill();
  signal?.addEventListener('abort', stop);
  const parts: Buffer[] = [];
  let [bytes, count, cut, said] = [0, 0, false, ''];
  child.stdout?.on('data', (part: Buffer) => {
    if (cut) return;
    parts.push(part);
    bytes += part.length;
    if (lines !== undefined) for (let at = part.indexOf(10); at >= 0; at = part.indexOf(10, at + 1)) count++;
    if (bytes <= MOST && (lines === undefined || count <= lines)) return;
    cut = true;
    stop();
  });
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-8192);
  });
  return new Promise((resolve, reject) => {
    child.once('error', reject).once('close', code => {
      signal?.removeEventListener('abort', stop);
      const text = Buffer.concat(parts).toString('utf8');
      if (cut) resolve({ text: text.slice(0, text.lastIndexOf('\n') + 1), cut });
      else if (signal?.aborted) reject(nobodyWaits());
      else if (code === EXIT.fine || code === EXIT.findings || (code === EXIT.input && text !== ''))
        resolve({ text, cut });
      else reject(errorOf(said));
    });
  });
}

const nobodyWaits = () => usageError('P2M_INTERRUPTED', 'nobody waits for the answer any more');

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
