import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** A folder for the files of one test file, gone when its tests are done; returns a path in it. */
export function tempDir(): (name: string) => string {
  const folder = mkdtempSync(join(tmpdir(), 'p2mtrace-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return name => join(folder, name);
}
