import { readFileSync } from 'node:fs';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { amountFor } from './test/fuzz/amount.ts';
import { TEST_SECRET } from './test/secret.ts';

/** Kinds of test: pure parts, real objects in workerd, stories over real sockets, and what breaks them. */
export default defineConfig({
  test: {
    provide: { fuzz: amountFor(process.env, readFileSync('test/fixtures/recordings/encoder.mp4', 'base64')) },
    reporters: ['default', './test/reporter.ts'],
    projects: [
      { test: { name: 'unit', include: ['test/unit/**/*.test.ts', 'test/fuzz/**/*.test.ts'] } },
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
      {
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          globalSetup: './test/e2e/setup.ts',
          testTimeout: 60_000,
          hookTimeout: 30_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
