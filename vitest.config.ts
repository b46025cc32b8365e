import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SkippedReporter } from './test/support/skipped-reporter.js';

/** fast-check with a seed of ours, under its own name. */
const alias = [
  { find: /^fast-check$/, replacement: fileURLToPath(new URL('test/support/fast-check.ts', import.meta.url)) },
  { find: /^fast-check-itself$/, replacement: fileURLToPath(import.meta.resolve('fast-check')) },
];

// Tests run on the sources of every package (condition "p2mtrace-source"); the e2e tests run the built CLI.
export default defineConfig({
  resolve: { conditions: ['p2mtrace-source'], alias },
  ssr: { resolve: { conditions: ['p2mtrace-source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'cli/test/**/*.test.ts', 'test/**/*.test.ts'],
    reporters: ['default', new SkippedReporter()],
    globalSetup: ['cli/test/support/build.ts'],
    // By default one core is left alone: on two that doubles the time.
    maxWorkers: '100%',
    // The damage tests flip and cut at every byte of a trace: a minute each on a slow machine.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    // What is waited for comes: by default, an answer that takes a second on a busy machine is a failure.
    expect: { poll: { timeout: 30_000 } },
  },
});
