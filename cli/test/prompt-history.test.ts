import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterEach, expect, it, vi } from 'vitest';
import { readPromptHistory, savePromptHistory } from '../src/prompt-history.js';
import { tempDir } from './support/cli.js';

const temp = tempDir();
afterEach(() => vi.unstubAllEnvs());

it('is kept for the next session, for nobody else to read', () => {
  vi.stubEnv('XDG_STATE_HOME', temp('state'));
  expect(readPromptHistory('debug')).toEqual([]);
  savePromptHistory('debug', ['goto end', 'why mfn 0x100']);
  expect(readPromptHistory('debug')).toEqual(['goto end', 'why mfn 0x100']);
  const path = temp('state/p2mtrace/debug-history');
  expect(statSync(path).mode & 0o077).toBe(0);
  // A session in which nothing was typed takes nothing away.
  savePromptHistory('debug', []);
  expect(readFileSync(path, 'utf8')).toBe('goto end\nwhy mfn 0x100\n');
});

it('is done without where it has no place', () => {
  writeFileSync(temp('file'), '');
  vi.stubEnv('XDG_STATE_HOME', temp('file'));
  savePromptHistory('debug', ['goto end']);
  expect(readPromptHistory('debug')).toEqual([]);
});
