/** What `wrangler deploy` puts before the platform. */
import { expect, test } from 'vitest';
import { unstable_readConfig as readConfig } from 'wrangler';

const { exports, cache, vars } = readConfig({ config: new URL('../../wrangler.toml', import.meta.url).pathname });

test('the cache stands in front of the entrypoint that viewers share, and in front of no other', () => {
  expect(exports).toEqual({ Shield: { type: 'worker', cache: { enabled: true } } });
  expect(cache?.enabled ?? false).toBe(false);
});

test('viewers’ requests go one way or the other', () => {
  expect(['direct', 'cache']).toContain(vars['FAN_OUT']);
});
