import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { P2mError } from '@p2mtrace/trace-format';
import { FileLock } from '@p2mtrace/trace-format/output';
import { expect, it } from 'vitest';
import { isLasting } from '../../src/audit/lasting.js';
import { StateFolder } from '../../src/audit/state-folder.js';
import { failed } from '../../src/audit/trace-result.js';
import { writeSealed } from '../../src/output/sealed-file.js';
import { tempDir } from '../support/cli.js';

const temp = tempDir();
const KEY = '0123456789abcdef0123456789abcdef';

it('takes a result with any byte wrong, cut or empty for none, tells it and puts it aside', () => {
  const told: string[] = [];
  const folder = new StateFolder(temp('s'), text => told.push(text));
  const path = folder.resultPath(KEY);
  const result = failed('a.bin', { code: 'P2M_EMPTY', message: 'the input is empty' });
  writeSealed(path, result);
  const whole = readFileSync(path);
  for (let at = 0; at < whole.length; at++) {
    const bytes = Buffer.from(whole);
    bytes[at] ^= 1;
    writeFileSync(path, at % 2 === 0 ? bytes : whole.subarray(0, at));
    expect(folder.result(KEY), `byte ${at}`).toBeUndefined();
    expect(existsSync(path)).toBe(false);
  }
  expect(told).toHaveLength(whole.length);
  expect(told[0]).toBe(`${path} is damaged and was put aside as ${path}.damaged; it is made again`);
  writeFileSync(path, whole);
  expect(folder.result(KEY)).toEqual(result);
});

it('removes what was left unfinished, but not what somebody works on', () => {
  const folder = new StateFolder(temp('t'), () => undefined);
  const left = `${folder.tracePath(KEY)}.0123456789ab.partial`;
  writeFileSync(left, 'half');
  const lock = FileLock.tryTake(folder.lockPath(KEY), 'a test');
  folder.removeLeftovers();
  expect(existsSync(left)).toBe(true);
  lock?.release();
  // As a killed worker leaves it.
  writeFileSync(folder.lockPath(KEY), '');
  folder.removeLeftovers();
  expect([existsSync(left), existsSync(folder.lockPath(KEY))]).toEqual([false, false]);
});

it('reads a file again that changed a moment ago: it may change once more within the same time', async () => {
  const folder = new StateFolder(temp('u'), () => undefined);
  writeFileSync(temp('f'), 'one');
  const { hash } = await folder.contentOf(temp('f'));
  writeFileSync(temp('f'), 'two');
  expect((await folder.contentOf(temp('f'))).hash).not.toBe(hash);
});

it('remembers only failures that would come again', () => {
  const system = Object.assign(new Error('no space left'), { code: 'ENOSPC', errno: -28, syscall: 'write' });
  expect(isLasting(new P2mError('P2M_NDJSON', 'line 1'))).toBe(true);
  expect(
    isLasting(
      new P2mError('P2M_GZIP', 'cut', { cause: Object.assign(new Error(), { errno: -5, code: 'Z_BUF_ERROR' }) }),
    ),
  ).toBe(true);
  expect(isLasting(new P2mError('P2M_WRITE', 'full', { cause: system }))).toBe(false);
  expect(isLasting(new P2mError('P2M_DAMAGED', 'read', { cause: system }))).toBe(false);
  expect(isLasting(new P2mError('P2M_OPEN', 'no right'))).toBe(false);
  expect(isLasting(new Error('out of memory'))).toBe(false);
});
