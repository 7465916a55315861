/** What goes wrong with one camera, even by a mistake in Fast-ll, is that camera's affair. */
import { expect, test } from 'vitest';
import { childrenOf, leftOf } from './support/processes.ts';
import { folderWith, freePort, startFastLl } from './support/fast-ll.ts';
import { Viewer } from './support/segments.ts';
import { fastLlWith, generated } from './support/streams.ts';

const preload = new URL('../fixtures/broken-camera.ts', import.meta.url).href;
const environment = { NODE_OPTIONS: `--import=${preload}` };

test('a camera whose run rejects is started anew, and no other notices', async () => {
  const streams = [generated('broken', { alwaysOn: true }), generated('well', { alwaysOn: true })];
  await using running = await fastLlWith(streams, { environment });
  const { fastLl, origin } = running;
  await using well = new Viewer(origin, 'well');
  await well.whenState('live');
  const before = well.current;

  await fastLl.says(/broken: ended by an error that should not happen: mistake 1 with .*; starting it anew in 0\.5 s/);
  await fastLl.says(/mistake 2 with .*; starting it anew in 1 s/);
  await using broken = new Viewer(origin, 'broken');
  await fastLl.says(/(broken: live[^]*){2}/);
  expect((await broken.segment(broken.current)).fragments.length).toBeGreaterThan(0);

  expect(fastLl.stderr.match(/well: live/g)).toHaveLength(1);
  for (let number = before; number < well.current; number += 1) {
    expect((await well.segment(number)).fragments.length).toBeGreaterThan(0);
  }
  expect(await childrenOf(fastLl.pid, 'ffmpeg')).toHaveLength(2);
  expect(fastLl.stderr).not.toContain('hunter2');
  const asked = performance.now();
  fastLl.kill('SIGTERM');
  expect(await fastLl.ended).toBe(0);
  expect(performance.now() - asked).toBeLessThan(5000);
});

test('a camera that does not end does not keep the agent', async () => {
  const port = await freePort();
  await using files = await folderWith({
    'config.json': { host: '127.0.0.1', port, streams: 'streams.json' },
    'streams.json': [generated('stuck'), generated('well', { alwaysOn: true })],
  });
  await using fastLl = startFastLl(['-c', files.path('config.json')], { environment });
  await fastLl.says(/well: live/);
  const children = await childrenOf(fastLl.pid);
  const asked = performance.now();
  fastLl.kill('SIGTERM');
  expect(await fastLl.ended).toBe(0);
  expect(performance.now() - asked).toBeLessThan(9000);
  expect(await leftOf(children)).toEqual([]);
});
