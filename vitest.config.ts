import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { TEST_SECRET } from './test/secret.ts';

/** Three kinds of test: pure parts, real objects in workerd, and stories over real sockets. */
export default defineConfig({
  test: {
    reporters: ['default', './test/reporter.ts'],
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts'] } },
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: './wrangler.toml' },
            miniflare: { bindings: { FASTLL_SECRET: TEST_SECRET } },
          }),
        ],
        test: { name: 'workerd', include: ['test/workerd/**/*.test.ts'] },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: './test/e2e/setup.ts',
          testTimeout: 60_000,
          hookTimeout: 30_000,
          // Each story runs encoders and a browser of its own, and says what is late: one at a time.
          fileParallelism: false,
        },
      },
    ],
  },
});
