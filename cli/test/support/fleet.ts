import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect } from 'vitest';
import { BIN } from './cli.js';

/** How long anything may take that is waited for. */
const PATIENCE_MS = 120_000;

/** Waits until something holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let waited = 0; !(await holds()); waited += 50) {
    expect(waited, what).toBeLessThan(PATIENCE_MS);
    await wait(50);
  }
}

/** A p2mtrace that runs. */
export class Running {
  said = '';
  readonly child: ChildProcess;
  readonly ended: Promise<number | string>;

  constructor(words: readonly string[], folder: string, env: NodeJS.ProcessEnv) {
    const [program, ...args] = words;
    this.child = spawn(program, args, { cwd: folder, env: { ...process.env, ...env } });
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', text => {
        this.said += text;
      });
    }
    this.ended = once(this.child, 'close').then(([code, signal]) => code ?? signal);
  }

  /** Waits until it has said this. */
  says(text: string | RegExp): Promise<void> {
    return until(`${text} in ${this.said}`, () => this.said.search(text) >= 0);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<number | string> {
    this.child.kill(signal);
    return this.ended;
  }
}

/**
 * A plugin that writes down which traces are judged, holds each for as long as the file `hold` is there, and kills the
 * process that judges one with so many events as the file `kill` says.
 */
const PLUGIN = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
const at = name => new URL(name, import.meta.url).pathname;
export default {
  id: 'test/held',
  rules: [{
    id: 'test/held.rule',
    title: 'held',
    severity: 'note',
    confidence: 'proven',
    doc: 'none',
    run({ reader }) {
      appendFileSync(at('judged'), reader.rows + '\\n');
      if (existsSync(at('kill')) && Number(readFileSync(at('kill'), 'utf8')) === reader.rows) process.kill(process.pid, 'SIGKILL');
      while (existsSync(at('hold'))) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
      return [];
    },
  }],
};
`;

/** Workers and audits of one queue, with a plugin that can hold the traces. All that is started is ended by \`close\`. */
export class Fleet {
  readonly folder: string;
  private readonly all: Running[] = [];

  constructor(folder: string) {
    this.folder = folder;
    writeFileSync(this.at('plugin.mjs'), PLUGIN);
  }

  at(name: string): string {
    return join(this.folder, name);
  }

  hold(): void {
    writeFileSync(this.at('hold'), '');
  }

  release(): void {
    rmSync(this.at('hold'), { force: true });
  }

  /** Numbers of events of the traces that were judged, sorted. */
  get judged(): number[] {
    if (!existsSync(this.at('judged'))) return [];
    const lines = readFileSync(this.at('judged'), 'utf8').trim().split('\n');
    return lines.map(Number).sort((a, b) => a - b);
  }

  forget(): void {
    for (const name of ['judged', 'kill', 'hold']) rmSync(this.at(name), { force: true });
  }

  /** `shell`: what runs it, as "$@". */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}, program = BIN, shell = ''): Running {
    const words = [process.execPath, program, ...args];
    const running = new Running(shell === '' ? words : ['sh', '-c', shell, 'sh', ...words], this.folder, env);
    this.all.push(running);
    return running;
  }

  /** A worker that has begun; others take over after two seconds. */
  async worker(url: string, ...more: string[]): Promise<Running> {
    const args = ['--store', 'store', '--jobs', '1', '--stalled', '2s', '--plugin', 'plugin.mjs', ...more];
    const worker = this.start(['worker', '--queue', url, ...args]);
    await worker.says('takes traces');
    return worker;
  }

  /** An audit of `in` by a queue, whose report becomes NAME.json. */
  audit(url: string, name: string, ...more: string[]): Running {
    const args = ['--store', 'store', '--state', 'state', '--plugin', 'plugin.mjs', '--reporter', `json=${name}.json`];
    return this.start(['audit', 'in', '--queue', url, ...args, ...more]);
  }

  /** The same by this machine, whose state folder has the name of the store. */
  async embedded(name: string, ...more: string[]): Promise<number | string> {
    const args = ['--state', 'store', '--workers', '1', '--plugin', 'plugin.mjs', '--reporter', `json=${name}.json`];
    return this.start(['audit', 'in', ...args, '--no-history', ...more]).ended;
  }

  read(name: string): string {
    return readFileSync(this.at(name), 'utf8');
  }

  async close(): Promise<void> {
    this.release();
    for (const one of this.all) one.child.kill('SIGKILL');
    await Promise.all(this.all.map(one => one.ended));
  }
}
