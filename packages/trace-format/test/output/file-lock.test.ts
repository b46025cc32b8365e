import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { FileLock, lockHolder } from '../../src/output/index.js';

const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-lock-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);

it('is one process at a time, also within a process, and says who has it', () => {
  const first = FileLock.tryTake(at('one'), 'a test');
  expect(FileLock.tryTake(at('one'), 'a test')).toBe(undefined);
  expect(lockHolder(at('one'))).toContain(`process ${process.pid} on `);
  expect(lockHolder(at('one'))).toContain('(a test)');
  first?.release();
  expect(existsSync(at('one'))).toBe(false);
  const next = FileLock.tryTake(at('one'), 'a test');
  expect(next).not.toBe(undefined);
  next?.release();
});

it('goes to the next as soon as its process is killed', async () => {
  const module = createRequire(import.meta.url).resolve('fs-native-extensions');
  const child = spawn(process.execPath, [
    '-e',
    `const fd = require('fs').openSync(${JSON.stringify(at('dead'))}, 'w+');
     console.log(require(${JSON.stringify(module)}).tryLock(fd)); setInterval(() => {}, 1000);`,
  ]);
  expect(String((await once(child.stdout, 'data'))[0])).toBe('true\n');
  expect(FileLock.tryTake(at('dead'), 'a test')).toBe(undefined);
  child.kill('SIGKILL');
  await once(child, 'exit');
  const lock = FileLock.tryTake(at('dead'), 'a test');
  expect(lock).not.toBe(undefined);
  lock?.release();
});

it('waits for whoever has it, and says so once', async () => {
  const first = FileLock.tryTake(at('wait'), 'a test');
  const told: string[] = [];
  const second = FileLock.take(at('wait'), 'another', holder => told.push(holder));
  setTimeout(() => first?.release(), 1500);
  (await second).release();
  expect(told).toEqual([expect.stringContaining('(a test)')]);
});

it('hinders nothing where it cannot be made, and follows no link', () => {
  mkdirSync(at('folder'));
  writeFileSync(at('target'), 'as it was');
  symlinkSync(at('target'), at('link'));
  for (const name of ['folder', 'link', join('absent', 'x')]) {
    const lock = FileLock.tryTake(at(name), 'a test');
    expect(lock, name).not.toBe(undefined);
    lock?.release();
  }
  expect([existsSync(at('folder')), existsSync(at('link'))]).toEqual([true, true]);
});
