import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** What the compiler said, where it said anything. */
    buildProblem: string;
  }
}

/** Builds everything once before the tests: those of the command line run what users run. */
export default function setup(project: TestProject): void {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const { status, stderr, error } = spawnSync(process.execPath, ['scripts/ensure.mjs'], {
    cwd: root,
    encoding: 'utf8',
  });
  project.provide('buildProblem', status === 0 ? '' : stderr || String(error));
}
