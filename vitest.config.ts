import { readFileSync } from 'node:fs';
import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';
import { amountFor } from './test/fuzz/amount.ts';
import { TEST_SECRET } from './test/secret.ts';

const STORIES = { globalSetup: './test/e2e/setup.ts', testTimeout: 60_000, hookTimeout: 30_000 };
/** Stories of what is said, in which nothing has to be in time. */
const UNHURRIED = ['cli', 'check', 'check-deployed', 'secrets', 'https', 'options', 'sites', 'malformed'].map(
  (name) => `test/e2e/${name}.test.ts`,
);

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
          ...STORIES,
          name: 'unhurried',
          include: UNHURRIED,
          maxWorkers: 3,
          sequence: { groupOrder: 1 },
        },
      },
      {
        test: {
          ...STORIES,
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          exclude: UNHURRIED,
          // Each story runs encoders and a browser of its own, and says what is late: one at a time.
          fileParallelism: false,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          ...STORIES,
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          fileParallelism: false,
          sequence: { groupOrder: 3 },
        },
      },
    ],
  },
});
