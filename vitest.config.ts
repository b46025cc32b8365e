import { defineConfig } from 'vitest/config';

// Tests run on the sources of every package (condition "p2mtrace-source"); the e2e tests run the built CLI.
export default defineConfig({
  resolve: { conditions: ['p2mtrace-source'] },
  ssr: { resolve: { conditions: ['p2mtrace-source'] } },
  test: {
    include: ['packages/*/test/**/*.test.ts', 'cli/test/**/*.test.ts', 'test/**/*.test.ts'],
    globalSetup: ['cli/test/support/build.ts'],
    testTimeout: 60_000,
  },
});
