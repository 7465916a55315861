/** From a camera to frames, over real sockets. */
import { expect, test } from 'vitest';
import type { Failure } from '../../../agent/media/failure.ts';
import type { Frame } from '../../../agent/media/frame.ts';
import type { TrackConfig } from '../../../agent/media/track.ts';
import { cameraSource } from '../../../agent/rtsp/source.ts';
import type { TransportKind } from '../../../agent/rtsp/transport.ts';
import { systemClock } from '../../../agent/clock.ts';
import { startCamera, type Camera, type CameraOptions } from '../../fixtures/camera/camera.ts';
import { SimulatedClock } from '../../simulated-clock.ts';
import { obedient, packet, ScriptedCamera } from './scripted-camera.ts';
import { cameraUrl, silentLog } from './watching.ts';

const RECORDED = { recorded: true, fps: 250 } satisfies CameraOptions;

interface Taken {
  readonly configs: TrackConfig[];
  readonly frames: Frame[];
  readonly failure: Failure | undefined;
}

/** Takes so many frames of a camera. */
async function take(camera: Camera, count: number, transport: TransportKind = 'tcp'): Promise<Taken> {
  const source = cameraSource({ url: cameraUrl(camera.url), transport, clock: systemClock, log: silentLog });
  return run(source, count);
}
async function run(source: ReturnType<typeof cameraSource>, count: number): Promise<Taken> {
  const over = new AbortController();
  const [configs, frames]: [TrackConfig[], Frame[]] = [[], []];
  const failure = await source(
    {
      config: (config) => configs.push(config),
      frame: (frame) => {
        // Those that came in one go with the last are no use.
        if (frames.length < count && frames.push(frame) === count) over.abort();
      },
      jump: () => {},
    },
    over.signal,
  );
  return { configs, frames, failure };
}

/** The NAL units of a frame, but for parameter sets. */
function nalUnitsOf({ data, size }: Frame): Buffer[] {
  const bytes = Buffer.concat(data);
  expect(bytes.length).toBe(size);
  const units: Buffer[] = [];
  for (let at = 0; at < size; at += 4 + bytes.readUInt32BE(at))
    units.push(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at)));
  return units.filter((nal) => ![7, 8, 9].includes(nal[0]! & 0x1f));
}

test.for<[transport: TransportKind, options: CameraOptions]>([
  ['tcp', RECORDED],
  ['udp', { ...RECORDED, habits: { transports: ['udp'] } }],
])('over %s the frames are those that were sent, from a keyframe on', async ([transport, options]) => {
  await using camera = await startCamera(options);
  const { configs, frames, failure } = await take(camera, 30, transport);
  expect(failure).toBeUndefined();
  expect(configs).toEqual([expect.objectContaining({ codec: 'h264', width: 64, height: 48 })]);
  expect(frames[0]?.keyframe).toBe(true);
  expect(frames.map(({ keyframe }) => keyframe)).toEqual(camera.sent.slice(0, 30).map(({ isKeyframe }) => isKeyframe));
  expect(frames.map(nalUnitsOf)).toEqual(
    camera.sent.slice(0, 30).map(({ nalUnits }) => nalUnits.map((nal) => Buffer.from(nal))),
  );
});

test('nothing comes over UDP: it goes over TCP, and from then on at once', async () => {
  await using camera = await startCamera({ ...RECORDED, habits: { transports: ['udp', 'tcp'], datagramsLost: true } });
  const clock = new SimulatedClock();
  const source = cameraSource({ url: cameraUrl(camera.url), transport: 'udp', clock, log: silentLog });
  const first = run(source, 5);
  await camera.whenPlaying(1);
  // It is patient for so long; what is over the network takes a while too.
  const letting = setInterval(() => void clock.advance(1000), 20);
  await expect.poll(() => camera.transports.length).toBe(2);
  clearInterval(letting);
  expect((await first).frames).toHaveLength(5);
  expect(camera.transports[1]).toMatch(/^RTP\/AVP\/TCP/);
  expect((await run(source, 5)).frames).toHaveLength(5);
  expect(camera.transports.slice(2)).toEqual([camera.transports[1]]);
});

test('a camera of UDP only is not left for TCP that it does not have', async () => {
  await using camera = await startCamera({ ...RECORDED, habits: { transports: ['udp'], datagramsLost: true } });
  const clock = new SimulatedClock();
  const source = cameraSource({ url: cameraUrl(camera.url), transport: 'tcp', clock, log: silentLog });
  const running = run(source, 1);
  await camera.whenPlaying(1);
  const letting = setInterval(() => void clock.advance(1000), 20);
  expect((await running).failure?.kind).toBe('silent');
  clearInterval(letting);
  expect(camera.requests.filter((method) => method === 'DESCRIBE')).toHaveLength(1);
});

test('how it wants to be told who asks is known in the next run', async () => {
  await using camera = await startCamera({ ...RECORDED, auth: 'basic', credentials: { user: 'u', password: 'p' } });
  const source = cameraSource({
    url: cameraUrl(camera.urlWithCredentials),
    transport: 'tcp',
    clock: systemClock,
    log: silentLog,
  });
  await run(source, 3);
  await camera.whenPlaying(0);
  const before = camera.requests.length;
  await run(source, 3);
  await camera.whenPlaying(0);
  expect(camera.requests.slice(0, before)).toEqual(['OPTIONS', 'DESCRIBE', 'DESCRIBE', 'SETUP', 'PLAY', 'TEARDOWN']);
  expect(camera.requests.slice(before)).toEqual(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY', 'TEARDOWN']);
});

test('packets of which no picture comes are borne for 30 s', async () => {
  const camera = new ScriptedCamera(obedient);
  const clock = new SimulatedClock();
  const source = cameraSource({
    url: cameraUrl('rtsp://cam/live'),
    transport: 'tcp',
    clock,
    log: silentLog,
    dial: camera.dial,
  });
  const running = run(source, 1);
  for (let second = 0; second < 32; second += 1) {
    await clock.advance(1000);
    camera.say(packet(second));
  }
  expect((await running).failure).toEqual({
    kind: 'unusable',
    message: 'the camera sends packets, but no picture has come of them for 30 s',
  });
  expect(camera.methods.at(-1)).toBe('TEARDOWN');
});

test('aborted, it is over for no reason', async () => {
  await using camera = await startCamera(RECORDED);
  const source = cameraSource({ url: cameraUrl(camera.url), transport: 'tcp', clock: systemClock, log: silentLog });
  expect(await source({ config: () => {}, frame: () => {}, jump: () => {} }, AbortSignal.abort())).toBeUndefined();
  expect(camera.requests).toEqual([]);
});
