/** A camera's own stream, from the configuration to the viewer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { boxContent, splitBoxes } from '../../protocol/boxes.ts';
import { startCamera } from '../fixtures/camera/camera.ts';
import { childrenOf, ffmpegOf } from './support/processes.ts';
import { Viewer, type Segment } from './support/segments.ts';
import { camera as cameraEntry, fastLlWith } from './support/streams.ts';

const COPY = { copy: true };
const ENCODE = { targetWidth: 64, targetBitrate: 100 };

/** What is in fragments: the last `mdat` is in none, and says that the segment is whole. */
function mediaOf({ bytes }: Segment): Buffer {
  const { boxes } = splitBoxes(bytes);
  return Buffer.concat(
    boxes.flatMap((box, index) => (boxes[index - 1]?.type === 'moof' ? [boxContent(bytes, box)] : [])),
  );
}

test('it comes as it was sent, beside what is encoded, and does not notice when FFmpeg dies', async () => {
  await using camera = await startCamera({ recorded: true, fps: 10 });
  await using running = await fastLlWith([cameraEntry('front', camera.url, { qualities: { video: [COPY, ENCODE] } })]);
  await using viewer = new Viewer(running.origin, 'front');
  const manifest = await viewer.manifest();
  expect(manifest.match(/<Representation [^>]*width="64" height="48"/g)).toHaveLength(2);
  expect(camera.sessions).toBe(1);

  const first = viewer.current + 1;
  const watched = Promise.all([0, 1, 2].map((ahead) => viewer.segment(first + ahead)));
  const encoded = await viewer.segment(first, 1);
  expect(encoded.fragments[0]?.frames[0]?.keyframe).toBe(true);
  const { pid } = await ffmpegOf(running.fastLl.pid);
  process.kill(pid, 'SIGKILL');
  const segments = await watched;

  // Every NAL unit, and in order; without a gap in time.
  const sent = Buffer.concat(
    camera.sent.flatMap(({ nalUnits }) =>
      nalUnits.flatMap((unit) => {
        const length = Buffer.alloc(4);
        length.writeUInt32BE(unit.length);
        return [length, unit];
      }),
    ),
  );
  const got = Buffer.concat(segments.map(mediaOf));
  expect(sent.includes(got)).toBe(true);
  const fragments = segments.flatMap((segment) => segment.fragments);
  expect(fragments.flatMap(({ frames }) => frames)).toHaveLength(30);
  fragments.slice(1).forEach(({ time }, index) => {
    const before = fragments[index]!;
    const end = before.time + before.frames.reduce((sum, { duration }) => sum + duration, 0);
    expect(Math.abs(time - end)).toBeLessThan(0.05);
  });
  // Keyframes are where the camera put them, each first in its fragment.
  for (const { frames } of fragments) expect(frames.slice(1).some(({ keyframe }) => keyframe)).toBe(false);
  expect(fragments.filter(({ frames }) => frames[0]?.keyframe)).toHaveLength(3);

  // And what is encoded is back.
  await expect.poll(async () => (await ffmpegOf(running.fastLl.pid)).pid, { timeout: 5000 }).not.toBe(pid);
  await viewer.segment(viewer.current + 1, 1);
  expect(running.fastLl.stderr).toMatch(/front: FFmpeg ended \(SIGKILL\); trying again in 0\.5 s/);
});

test('what is made on demand beside it runs only while somebody asks for it', { timeout: 45_000 }, async () => {
  await using camera = await startCamera({ recorded: true, fps: 10 });
  await using running = await fastLlWith([
    cameraEntry('front', camera.url, { qualities: { video: [COPY, { ...ENCODE, onDemand: true }] } }),
  ]);
  await using viewer = new Viewer(running.origin, 'front');
  const ffmpegs = async (): Promise<number> => (await childrenOf(running.fastLl.pid, 'ffmpeg')).length;
  expect((await viewer.manifest()).match(/<Representation /g)).toHaveLength(2);
  await expect.poll(ffmpegs, { timeout: 3000 }).toBe(0);

  // Somebody watches the copied one all the while.
  const times: number[] = [];
  const missed: number[] = [];
  viewer.follow(
    async (number) => {
      const { fragments } = await viewer.segment(number);
      times.push(...fragments.map(({ time }) => time));
    },
    (number) => missed.push(number),
  );
  await sleep(500);
  expect(await ffmpegs()).toBe(0);
  const asked = Date.now();
  await viewer.init(1);
  const { fragments } = await viewer.segment(viewer.current, 1);
  expect(fragments[0]?.frames[0]?.keyframe).toBe(true);
  expect(fragments[0]!.arrivedAt * 1000 - asked).toBeLessThan(2500);
  expect(await ffmpegs()).toBe(1);

  await expect.poll(ffmpegs, { timeout: 20_000, interval: 500 }).toBe(0);
  expect((await viewer.manifest()).match(/<Representation /g)).toHaveLength(2);
  expect(missed).toEqual([]);
  const gaps = times.slice(1).map((time, index) => time - times[index]!);
  expect(Math.max(...gaps)).toBeLessThan(0.25);
});
