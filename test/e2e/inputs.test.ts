/** Streams of whatever FFmpeg reads: a recording, and what programs send. FFmpeg itself plays their part. */
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { findFfmpeg } from '../fixtures/camera/ffmpeg.ts';
import { folderWith, freePort } from './support/fast-ll.ts';
import { fastLlWith } from './support/streams.ts';
import { expectNumbersByTheClock, watch } from './support/watcher.ts';

const ffmpeg = await findFfmpeg();
const PICTURE = ['-f', 'lavfi', '-i', 'testsrc2=size=320x180:rate=10'];
const H264 = '-c:v libx264 -preset ultrafast -tune zerolatency -g 10 -pix_fmt yuv420p'.split(' ');

const entry = (stream: string, input: string, ...inputOptions: string[]): Record<string, unknown> => ({
  ...{ name: stream, stream, type: 'FFMPEG', input, inputOptions, targetFps: 10, alwaysOn: true },
  qualities: { video: [{ targetWidth: 320, targetBitrate: 200 }] },
});

/** Sends a picture until the test is over, again and again where nobody takes it. */
function send(...args: string[]): void {
  const over = new AbortController();
  const sending = async (): Promise<void> => {
    while (!over.signal.aborted) {
      await execa(ffmpeg, ['-v', 'error', '-nostdin', '-re', ...PICTURE, ...args], {
        ...{ reject: false, cancelSignal: over.signal, stdio: 'ignore' },
      });
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const sent = sending();
  onTestFinished(async () => {
    over.abort();
    await sent;
  });
}

test(
  'a recording in a loop, HTTP MJPEG, RTMP, SRT and MPEG-TS over UDP play at once',
  { timeout: 60_000 },
  async () => {
    await using folder = await folderWith({});
    const recording = folder.path('recording.mp4');
    await execa(ffmpeg, ['-v', 'error', ...PICTURE, '-t', '1', ...H264, recording]);
    const [http, rtmp, srt, udp] = [await freePort(), await freePort(), await freePort(), await freePort()];
    await using running = await fastLlWith([
      entry('loop', recording, '-stream_loop', '-1'),
      entry('http', `http://127.0.0.1:${http}/mjpeg`, '-f', 'mpjpeg'),
      entry('rtmp', `rtmp://127.0.0.1:${rtmp}/live/key`, '-listen', '1'),
      entry('srt', `srt://127.0.0.1:${srt}?mode=listener`),
      entry('udp', `udp://127.0.0.1:${udp}`),
    ]);
    send('-q:v', '5', '-f', 'mpjpeg', '-listen', '1', `http://127.0.0.1:${http}/mjpeg`);
    send(...H264, '-f', 'flv', `rtmp://127.0.0.1:${rtmp}/live/key`);
    send(...H264, '-f', 'mpegts', `srt://127.0.0.1:${srt}`);
    send(...H264, '-f', 'mpegts', `udp://127.0.0.1:${udp}?pkt_size=1316`);
    const streams = ['loop', 'http', 'rtmp', 'srt', 'udp'];
    await Promise.all(streams.map((stream) => running.fastLl.says(new RegExp(`${stream}: live, 320×180`))));
    await Promise.all(
      streams.map(async (stream) => {
        const watcher = watch(running.origin, stream);
        // It is about as old as it takes to encode and to send it.
        expect(await watcher.seesAfter(Date.now() / 1000 + 2.5), stream).toBeLessThan(1);
        expectNumbersByTheClock(watcher.segments);
        const frames = watcher.segments.map(({ fragments }) => fragments.flatMap((fragment) => fragment.frames).length);
        expect(Math.max(...frames), stream).toBeGreaterThan(7);
        expect(Math.max(...frames), stream).toBeLessThan(13);
      }),
    );
  },
);

test('one that ends is read again', { timeout: 30_000 }, async () => {
  await using folder = await folderWith({});
  const recording = folder.path('recording.mp4');
  await execa(ffmpeg, ['-v', 'error', ...PICTURE, '-t', '2', ...H264, recording]);
  await using running = await fastLlWith([entry('once', recording)]);
  await running.fastLl.says(/once: what it was told to read has come to its end; trying again in 0\.5 s/);
  const watcher = watch(running.origin, 'once');
  await watcher.seesAfter(Date.now() / 1000);
  expectNumbersByTheClock(watcher.segments);
});
