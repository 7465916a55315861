/** An encoder other than x264: x264 under another name, as no chip is to be had here. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCamera, type Camera } from '../fixtures/camera/camera.ts';
import { findFfmpeg } from '../fixtures/camera/ffmpeg.ts';
import { camera as cameraEntry, fastLlWith } from './support/streams.ts';
import { expectNumbersByTheClock, watch } from './support/watcher.ts';

const FAKE = fileURLToPath(new URL('../fixtures/vaapi-ffmpeg.js', import.meta.url));

let camera: Camera;
beforeAll(async () => {
  camera = await startCamera({ size: '320x180', fps: 10, gopSeconds: 1 });
});
afterAll(() => camera.close());

test(
  'an encoder that fails in use is replaced by software, and whoever watches goes on',
  { timeout: 40_000 },
  async () => {
    const environment = { FAULT: 'fails after a while', REAL_FFMPEG: await findFfmpeg() };
    const front = cameraEntry('front', camera.url, { encoder: 'vaapi', alwaysOn: true });
    await using running = await fastLlWith([front], { config: { ffmpeg: FAKE }, environment });
    const { fastLl } = running;
    await fastLl.says(/front: encodes by VAAPI \(\/dev\/dri\/renderD128\) \(VAAPI: a frame out for each in, at once\)/);
    await fastLl.says(/front: live/);
    const watcher = watch(running.origin, 'front');
    await watcher.seesAfter(Date.now() / 1000);
    await fastLl.says(
      /front: VAAPI .* has failed, and software encodes from now on: FFmpeg ended .*Failed to end picture encode/,
    );
    const failed = Date.now() / 1000;
    expect(await watcher.seesAfter(failed + 1)).toBeLessThan(3);
    expectNumbersByTheClock(watcher.segments);
    const said = fastLl.stdout + fastLl.stderr;
    expect(said.match(/encodes by VAAPI/g)).toHaveLength(1);
    expect(said.match(/software encodes from now on/g)).toHaveLength(1);
  },
);
