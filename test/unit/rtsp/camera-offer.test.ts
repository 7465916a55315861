/** What a camera offers, for those who only want to know. */
import { expect, test } from 'vitest';
import { systemClock } from '../../../agent/clock.ts';
import { describeCamera, type CameraOffer } from '../../../agent/rtsp/camera-offer.ts';
import { startCamera, type CameraOptions } from '../../fixtures/camera/camera.ts';
import { cameraUrl, silentLog } from './watching.ts';

const RECORDED = { recorded: true, fps: 250 } satisfies CameraOptions;
const CREDENTIALS = { user: 'admin', password: 's3cret' };

async function offerOf(options: CameraOptions): Promise<CameraOffer & { readonly requests: readonly string[] }> {
  await using camera = await startCamera({ ...RECORDED, ...options });
  const offer = await describeCamera({
    url: cameraUrl(camera.urlWithCredentials),
    clock: systemClock,
    log: silentLog,
    signal: new AbortController().signal,
  });
  if ('kind' in offer) throw new Error(offer.message);
  return { ...offer, requests: camera.requests };
}

test('a camera with sound, metadata and a back channel, that asks who is there', async () => {
  const offer = await offerOf({
    auth: 'sha-256',
    credentials: CREDENTIALS,
    habits: { tracks: ['audio', 'back channel', 'metadata'], transports: ['tcp', 'udp'] },
  });
  expect(offer).toMatchObject({
    media: [
      { kind: 'video', encoding: 'H264' },
      { kind: 'audio', encoding: 'PCMU' },
      { kind: 'back channel', encoding: 'PCMU' },
      { kind: 'application', encoding: 'VND.ONVIF.METADATA' },
    ],
    video: { format: { codec: 'h264', payloadType: 96 } },
    transports: { tcp: undefined, udp: undefined },
    challenges: ['Digest SHA-256'],
    answered: 'Digest SHA-256',
  });
  expect(offer.methods).toContain('GET_PARAMETER');
  // Nothing is played, and each session is ended.
  expect(offer.requests).not.toContain('PLAY');
  expect(offer.requests.filter((method) => method === 'TEARDOWN')).toHaveLength(2);
});

test('a camera that refuses one transport, and asks nobody', async () => {
  const { transports, challenges, answered } = await offerOf({});
  expect(transports).toEqual({ tcp: undefined, udp: expect.objectContaining({ kind: 'unusable' }) as unknown });
  expect([challenges, answered]).toEqual([[], undefined]);
});

test.for<[what: string, options: CameraOptions, kind: string]>([
  ['a wrong password', { credentials: CREDENTIALS, path: '/live' }, 'credentials'],
  ['no video', { habits: { describes: () => 'v=0\r\n' } }, 'unusable'],
  ['no such stream', { habits: { answers: { DESCRIBE: 404 } } }, 'absent'],
])('a camera that offers nothing for %s', async ([, options, kind]) => {
  await using camera = await startCamera({ ...RECORDED, ...options });
  const url = cameraUrl(camera.url.replace('//', '//admin:wrong@'));
  const { signal } = new AbortController();
  expect(await describeCamera({ url, clock: systemClock, log: silentLog, signal })).toMatchObject({ kind });
});
