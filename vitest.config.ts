import { defineConfig } from 'vitest/config';
import { ClosingLineReporter } from './test/support/closing-line-reporter.ts';
import { LongestFirst } from './test/support/longest-first.ts';

export default defineConfig({
  // Node resolves graphql to its CommonJS build, for us and for our packages alike; two builds at once refuse each other.
  resolve: { alias: [{ find: /^graphql$/, replacement: 'graphql/index.js' }] },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/support/shared-servers.ts'],
    pool: 'forks',
    maxWorkers: 2,
    // Files share a process, one after another: to load all modules and to compile the embedded database for each takes as long as the tests.
    isolate: false,
    sequence: { sequencer: LongestFirst },
    testTimeout: 120_000,
    hookTimeout: 120_000,
    teardownTimeout: 20_000,
    restoreMocks: true,
    unstubEnvs: true,
    unstubGlobals: true,
    reporters: ['default', new ClosingLineReporter()],
  },
});
