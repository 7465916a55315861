/** Cameras that get something wrong, each in its own way, all at once: what they show is seen. */
import { request } from 'undici';
import { expect, test, vi } from 'vitest';
import { startCamera, type Camera, type CameraOptions } from '../fixtures/camera/camera.ts';
import { HABITS, type HabitName } from '../fixtures/camera/habits.ts';
import { Viewer } from './support/segments.ts';
import { camera as cameraEntry, fastLlWith } from './support/streams.ts';

/** It costs nothing to show, and nothing to copy. */
const RECORDED = {
  recorded: true,
  fps: 10,
  credentials: { user: 'admin', password: 'p@ss/w:rd' },
} satisfies CameraOptions;
const COPIED = { alwaysOn: true, targetFps: 10, qualities: { video: [{ copy: true }] } };

const ODD: readonly HabitName[] = [
  'heads whose lines end in LF',
  'a tab behind each colon',
  'an empty line in front of each packet',
  'a description two bytes longer than its length',
  'a description two bytes shorter than its length',
  'zeros between its packets',
  'sound that it refuses (461)',
  'a back channel (400) and metadata (500) that it refuses',
  'a Content-Base at no address',
  'nonces that are good for two answers',
  'one redirection',
  'UDP only',
];

test('each is live, and its pictures come', { timeout: 40_000 }, async () => {
  await using cameras = new AsyncDisposableStack();
  const start = async (options: CameraOptions): Promise<Camera> =>
    cameras.use(await startCamera({ ...RECORDED, ...options }));
  const inputs = [
    ...(await Promise.all(ODD.map(async (name) => (await start({ habits: HABITS[name] })).urlWithCredentials))),
    (await start({ auth: 'sha-256' })).urlWithCredentials,
    // It answers to its own name only.
    (await start({ habits: { insistsOnHost: 'localhost' } })).urlWithCredentials.replace('127.0.0.1', 'localhost'),
    // With the password as it is: an address behind it is the host.
    (await start({})).rawUrlWithCredentials,
  ];
  const entries = inputs.map((input, index) => cameraEntry(`odd${index}`, input, COPIED));
  await using running = await fastLlWith(entries, { args: ['-v'] });
  const { fastLl, origin } = running;
  const states = async (): Promise<string[]> => {
    const { body } = await request(new URL('/api/streams', origin));
    const { streams } = (await body.json()) as { streams: { state: string; detail?: string }[] };
    return streams.map(({ state, detail = '' }) => `${state} ${detail}`.trim());
  };
  await vi.waitFor(async () => expect(await states()).toEqual(entries.map(() => 'live')), {
    timeout: 15_000,
    interval: 200,
  });
  await Promise.all(
    entries.map(async ({ stream }) => {
      await using viewer = new Viewer(origin, String(stream));
      const { fragments } = await viewer.segment(viewer.current);
      expect(
        fragments.flatMap(({ frames }) => frames).some(({ keyframe }) => keyframe),
        String(stream),
      ).toBe(true);
    }),
  );
  const junk = ODD.indexOf('zeros between its packets');
  expect(fastLl.stderr.match(/odd\d+: 37 bytes at \d+ of what the camera sends are no RTSP/g)).toEqual([
    expect.stringMatching(`^odd${junk}: `),
  ]);
  const said = fastLl.stdout + fastLl.stderr;
  for (const part of ['p@ss', 'w:rd', 'p%40ss']) expect(said).not.toContain(part);
});
