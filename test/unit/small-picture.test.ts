import { expect, test } from 'vitest';
import { streamsSchema } from '../../agent/config/schema.ts';
import { ffmpegRun } from '../../agent/ffmpeg/arguments.ts';
import { readPipe } from '../../agent/ffmpeg/pipe.ts';
import { startFfmpeg } from '../../agent/ffmpeg/process.ts';
import type { TrackConfig } from '../../agent/media/track.ts';
import { seconds } from '../../protocol/units.ts';
import { findFfmpeg } from '../fixtures/camera/ffmpeg.ts';

test('a picture of 160 pixels at 100 kbit/s has a level that browsers know', { timeout: 20_000 }, async () => {
  const [stream] = streamsSchema.parse([
    {
      ...{ name: 'small', stream: 'small', type: 'GEN', targetFps: 10 },
      qualities: { video: [{ targetWidth: 160, targetBitrate: 100 }] },
    },
  ]);
  const over = new AbortController();
  const run = ffmpegRun(stream!, { now: seconds(1_795_341_600), hasFpsMode: true });
  const ffmpeg = startFfmpeg({
    ...{ path: await findFfmpeg(), args: run.args, pipes: 1 },
    onLine: () => {},
    signal: over.signal,
  });
  const config = await new Promise<TrackConfig>((resolve, reject) => {
    readPipe(ffmpeg.pipes[0]!, { base: run.base, frameRate: 10 }, { config: resolve, frame: () => {} }).catch(reject);
  });
  over.abort();
  await ffmpeg.ended;
  expect(config).toMatchObject({ codecs: 'avc1.64001E', width: 160, height: 90 });
});
