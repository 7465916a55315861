/** An encoder other than x264: x264 under another name, as no chip is to be had here. */
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startCamera, type Camera } from '../fixtures/camera/camera.ts';
import { findFfmpeg } from '../fixtures/camera/ffmpeg.ts';
import { camera as cameraEntry, fastLlWith, generated } from './support/streams.ts';
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
    // What feeds FFmpeg, and what FFmpeg opens itself.
    const chip = { encoder: 'vaapi', alwaysOn: true };
    const streams = [cameraEntry('front', camera.url, chip), generated('clock', chip)];
    await using running = await fastLlWith(streams, { config: { ffmpeg: FAKE }, environment });
    const { fastLl } = running;
    for (const name of ['front', 'clock']) {
      await fastLl.says(
        new RegExp(`${name}: encodes by VAAPI \\(/dev/dri/renderD128\\) \\(VAAPI: a frame out for each in, at once\\)`),
      );
      await fastLl.says(new RegExp(`${name}: live`));
      const watcher = watch(running.origin, name);
      await fastLl.says(
        new RegExp(`${name}: VAAPI .* has failed, and software encodes from now on: .*Failed to end picture encode`),
      );
      expect(await watcher.seesAfter(Date.now() / 1000 + 1)).toBeLessThan(3);
      expectNumbersByTheClock(watcher.segments);
    }
    const said = fastLl.stdout + fastLl.stderr;
    expect(said.match(/encodes by VAAPI/g)).toHaveLength(2);
    expect(said.match(/software encodes from now on/g)).toHaveLength(2);
  },
);
