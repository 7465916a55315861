/** FFmpeg behind the agent's passage to a camera. */
import { execa } from 'execa';
import { expect, onTestFinished, test } from 'vitest';
import { openPassage } from '../../agent/rtsp/passage.ts';
import { startCamera } from '../fixtures/camera/camera.ts';
import { findFfmpeg } from '../fixtures/camera/ffmpeg.ts';

const ffmpeg = await findFfmpeg();
const FPS = 5;

/** With its start code. */
const DELIMITER_BYTES = 6;

/** Sizes of the frames that have come out of FFmpeg: it takes one for complete, and passes it on. */
function framesOf(url: string): () => number[] {
  const child = execa(
    ffmpeg,
    [
      ...['-hide_banner', '-nostdin', '-loglevel', 'error', '-rtsp_transport', 'tcp'],
      ...['-probesize', '32', '-analyzeduration', '0', '-fpsprobesize', '0', '-i', url],
      ...['-c', 'copy', '-f', 'framecrc', '-flush_packets', '1', 'pipe:1'],
    ],
    { stdin: 'ignore', buffer: false, reject: false },
  );
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await child;
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  return () => Array.from(text.matchAll(/^0,[^,]*,[^,]*,[^,]*,\s*(\d+),.*\n/gm), ([, size]) => Number(size));
}

test('a frame is out before the next one comes, with a passage only', { timeout: 30_000 }, async () => {
  await using camera = await startCamera({ size: '320x180', fps: FPS, gopSeconds: 10 });
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const passage = await openPassage(camera.url, over.signal);
  const [direct, passed] = [framesOf(camera.url), framesOf(passage.href)];
  await camera.whenPlaying(2);
  await expect.poll(() => Math.min(direct().length, passed().length), { timeout: 15_000 }).toBeGreaterThan(FPS);

  camera.hang();
  const numbers = (sizes: readonly number[], count: number): string => sizes.slice(-count).join(' ');
  await expect
    .poll(
      () =>
        numbers(
          passed()
            .slice(0, -1)
            .map((size) => size - DELIMITER_BYTES),
          4,
        ),
      { timeout: 5000 },
    )
    .toBe(numbers(direct(), 4));
});

test('why a camera can not be reached is told in words that are understood', async () => {
  const over = new AbortController();
  onTestFinished(() => over.abort());
  const passage = await openPassage('rtsp://user:secret@127.0.0.1:1/live?x=1', over.signal);
  expect(passage.href).toMatch(/^rtsp:\/\/user:secret@127\.0\.0\.1:\d+\/live\?x=1$/);
  await execa(ffmpeg, ['-rtsp_transport', 'tcp', '-i', passage.href], { reject: false, timeout: 10_000 });
  expect(passage.trouble).toBe('Connection refused');
});
