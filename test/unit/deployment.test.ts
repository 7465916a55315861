/** What `wrangler deploy` puts before the platform. */
import { expect, test } from 'vitest';
import { SAMPLED } from '../../agent/cost/logs.ts';
import { unstable_readConfig as readConfig } from 'wrangler';

const { exports, cache, vars, observability } = readConfig({
  config: new URL('../../wrangler.toml', import.meta.url).pathname,
});

test('the cache stands in front of the entrypoint that viewers share, and in front of no other', () => {
  expect(exports).toEqual({ Shield: { type: 'worker', cache: { enabled: true } } });
  expect(cache?.enabled ?? false).toBe(false);
});

test('no log has what was called, which may hold a token; errors are logged of few calls, or they would cost more than all else', () => {
  expect(observability).toEqual({
    enabled: true,
    head_sampling_rate: SAMPLED,
    redact_query_string: true,
    logs: { enabled: true, head_sampling_rate: SAMPLED, invocation_logs: false },
  });
  expect(SAMPLED).toBeLessThanOrEqual(0.01);
});

test('viewers’ requests go one way or the other', () => {
  expect(['direct', 'cache']).toContain(vars['FAN_OUT']);
});
