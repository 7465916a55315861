/** The client and a camera that shows a recording, over real sockets. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startCamera, type Camera, type CameraOptions } from '../../fixtures/camera/camera.ts';
import { HABITS, type HabitName, type Habits } from '../../fixtures/camera/habits.ts';
import { MAKERS } from '../../fixtures/camera/makers.ts';
import { watch } from './watching.ts';

const RECORDED = { recorded: true, fps: 250 } satisfies CameraOptions;
const CREDENTIALS = { user: 'admin', password: 'p@ss:w%rd/!#' };

const withHabits = (habits: Habits, more: CameraOptions = {}): Promise<Camera> =>
  startCamera({ ...RECORDED, ...more, habits });

/** The NAL units that a camera has sent to its client. */
const sentBy = ({ sent, parameterSets: { sps, pps } }: Camera): Buffer[] =>
  sent
    .flatMap(({ isKeyframe, nalUnits }) => (isKeyframe ? [sps, pps, ...nalUnits] : [...nalUnits]))
    .map((nal) => Buffer.from(nal));

describe('a camera is watched, each of its NAL units as it was sent,', () => {
  test('that does everything as it should be', async () => {
    await using camera = await startCamera(RECORDED);
    const { video, transport } = await watch(camera.url);
    expect(transport).toBe('tcp');
    expect(video.whole).toEqual(sentBy(camera).slice(0, video.whole.length));
    await camera.whenPlaying(0);
    expect(camera.requests).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'TEARDOWN']);
    expect(new Set(camera.requested)).toEqual(new Set([camera.url, `${camera.url}/trackID=1`, `${camera.url}/`]));
  });

  test.for(Object.entries(HABITS) as [HabitName, Habits][])('with %s', async ([, habits]) => {
    await using camera = await withHabits(habits, { credentials: CREDENTIALS });
    const { video, failure } = await watch(camera.urlWithCredentials);
    expect(video.whole.length, failure.message).toBeGreaterThanOrEqual(25);
    expect(video.whole).toEqual(sentBy(camera).slice(0, video.whole.length));
    // Nothing is asked for that is not used.
    expect(camera.requested.join()).not.toMatch(/trackID=[234]/);
  });

  test.for(Object.entries(MAKERS))('described as by %s', async ([, habits]) => {
    await using camera = await withHabits(habits);
    const { video, failure } = await watch(camera.url);
    expect(video.whole.length, failure.message).toBeGreaterThanOrEqual(25);
    expect(camera.requests.filter((method) => method === 'SETUP')).toHaveLength(1);
  });

  test.for(['digest', 'sha-256', 'basic'] as const)('with %s', async (auth) => {
    await using camera = await startCamera({ ...RECORDED, auth, credentials: CREDENTIALS });
    expect((await watch(camera.urlWithCredentials)).video.whole.length).toBeGreaterThanOrEqual(25);
  });
});

test('a camera that insists on the name that was typed is asked by it', async () => {
  await using camera = await startCamera({
    ...RECORDED,
    credentials: CREDENTIALS,
    habits: { insistsOnHost: 'localhost' },
  });
  const { video, failure } = await watch(camera.urlWithCredentials.replace('127.0.0.1', 'localhost'));
  expect(video.whole.length, failure.message).toBeGreaterThanOrEqual(25);
  expect(camera.requested.every((uri) => uri.startsWith(`rtsp://localhost:${camera.port}/live`))).toBe(true);
});

test.for([
  '/cam/realmonitor?channel=1&subtype=0',
  '/user=admin_password=x_channel=1_stream=0.sdp?real_stream',
  '/a%20b/%C3%BC',
  '/ü',
])('the path %s is asked for as it is', async (path) => {
  await using camera = await startCamera({ ...RECORDED, path: Buffer.from(path).toString('latin1') });
  const { video, failure } = await watch(`rtsp://127.0.0.1:${camera.port}${path}`);
  expect(video.whole.length, failure.message).toBeGreaterThanOrEqual(25);
});

describe('over UDP', () => {
  test('a camera is watched, and told that somebody listens', async () => {
    await using camera = await startCamera({ ...RECORDED, habits: { transports: ['udp', 'tcp'] } });
    const { video, transport } = await watch(camera.url, { transport: 'udp' });
    expect(transport).toBe('udp');
    expect(video.whole).toEqual(sentBy(camera).slice(0, video.whole.length));
    expect(camera.reports).toBeGreaterThan(0);
  });

  test('a camera of TCP only is watched all the same', async () => {
    await using camera = await startCamera(RECORDED);
    const { video, transport } = await watch(camera.url, { transport: 'udp' });
    expect(transport).toBe('tcp');
    expect(video.whole).toEqual(sentBy(camera).slice(0, video.whole.length));
    expect(camera.requests.filter((method) => method === 'SETUP')).toHaveLength(2);
  });

  test('packets of others are dropped', async () => {
    await using camera = await startCamera({ ...RECORDED, habits: { transports: ['udp'], datagramsLost: true } });
    const stranger = createSocket('udp4');
    stranger.bind(0, '127.0.0.2');
    await once(stranger, 'listening');
    onTestFinished(() => void stranger.close());
    const watching = watch(camera.url, { transport: 'udp', patience: 500 });
    await camera.whenPlaying(1);
    // Its ports are in the last SETUP's request: the camera sends nothing there, but a stranger does.
    const [, rtp] = /client_port=(\d+)/.exec(camera.transports.at(-1) ?? '') ?? [];
    const packet = Buffer.concat([Buffer.of(0x80, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1), Buffer.from('41aa', 'hex')]);
    const sending = setInterval(() => stranger.send(packet, Number(rtp), '127.0.0.1'), 20);
    onTestFinished(() => clearInterval(sending));
    const { failure, video } = await watching;
    expect(failure.kind).toBe('silent');
    expect(video.whole).toEqual([]);
  });
});

describe('with sound', () => {
  test('both tracks come over one connection, in one session', async () => {
    await using camera = await startCamera({ ...RECORDED, habits: { tracks: ['metadata', 'back channel', 'audio'] } });
    const { video, audioPackets } = await watch(camera.url, { audio: true });
    expect(video.whole).toEqual(sentBy(camera).slice(0, video.whole.length));
    expect(audioPackets).toBeGreaterThan(10);
    await camera.whenPlaying(0);
    expect(camera.requests).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'SETUP', 'PLAY', 'TEARDOWN']);
    expect(camera.requested.join()).not.toMatch(/trackID=[34]/);
  });

  test('one that is refused is left out', async () => {
    await using camera = await startCamera({ ...RECORDED, habits: HABITS['sound that it refuses (461)'] });
    const { video, audioPackets } = await watch(camera.url, { audio: true });
    expect(video.whole.length).toBeGreaterThanOrEqual(25);
    expect(audioPackets).toBe(0);
  });
});
