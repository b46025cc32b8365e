import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, inject } from 'vitest';

export const BIN = fileURLToPath(new URL('../../bin/p2mtrace.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Tests of a build that failed would test the one before. */
export function needsBuild(): void {
  beforeAll(() => expect(inject('buildProblem')).toBe(''));
}

/** Runs p2mtrace to its end. */
export function p2mtrace(
  args: readonly string[],
  options: { input?: Uint8Array | string; cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Ended {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    ...options,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  return { code: status, stdout, stderr };
}

/** Runs p2mtrace and expects that all is fine. */
export function fine(args: readonly string[], options: { input?: Uint8Array | string; cwd?: string } = {}): Ended {
  const ended = p2mtrace(args, options);
  expect(ended.code, ended.stderr).toBe(0);
  return ended;
}

/** Starts p2mtrace with pipes. */
export function start(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [BIN, ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
}

/** Half a second in which it has nothing to do. */
const IDLE_CHECKS = 20;

/**
 * Returns when a child has started and waits: for input, or for another thread. How long that takes depends on what else
 * the machine does. Without /proc, two seconds are taken to suffice.
 */
export async function untilIdle({ pid }: ChildProcess): Promise<void> {
  const stat = `/proc/${pid}/stat`;
  if (!existsSync(stat)) return wait(2000);
  for (let idle = 0; idle < IDLE_CHECKS && existsSync(stat); ) {
    await wait(25);
    // The state stands behind the name, which is in parentheses: S is asleep, R wants to run.
    idle = readFileSync(stat, 'utf8').split(') ').at(-1)?.startsWith('S') === true ? idle + 1 : 0;
  }
}

/** What a child that was started says until it ends. */
export async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = '';
  let stderr = '';
  child.stdout?.on('data', text => {
    stdout += text;
  });
  child.stderr?.on('data', text => {
    stderr += text;
  });
  const code = await new Promise<number | null>(resolve => child.on('close', resolve));
  return { code, stdout, stderr };
}

/** A folder for the files of one test file, gone when its tests are done; returns a path in it. */
export function tempDir(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return name => join(folder, name);
}

export const CAPTURES = fileURLToPath(new URL('../../../../shared/captures/', import.meta.url));

/** Path of a real capture. */
export const capture = (name: string) => join(CAPTURES, name);

/** False, and said, where the real captures are absent: they are too large to be part of the project. */
export const HAS_CAPTURES = existsSync(CAPTURES);
if (!HAS_CAPTURES) console.warn('skipped: tests with real captures, as ../shared/captures is absent');
