import { expect, test } from 'vitest';
import { offerFigures, offerFindings } from '../../agent/check/offer-findings.ts';
import type { RtspStream } from '../../agent/check/observation.ts';
import { streamsSchema } from '../../agent/config/schema.ts';
import type { CameraOffer } from '../../agent/rtsp/camera-offer.ts';

const REFUSED = { kind: 'unusable', message: 'the camera does not offer this transport' } as const;
const OFFER: CameraOffer = {
  media: [
    { kind: 'video', encoding: 'H264' },
    { kind: 'back channel', encoding: '' },
  ],
  video: {
    kind: 'video',
    control: undefined,
    format: { codec: 'h264', payloadType: 96, clockRate: 90_000, channels: 1, parameters: new Map() },
  },
  transports: { tcp: undefined, udp: undefined },
  challenges: [],
  answered: undefined,
  methods: [],
  server: undefined,
};

function warnings(offer: Partial<CameraOffer>, stream: Record<string, unknown> = {}): string[] {
  const entry = {
    ...{ name: 'A camera', stream: 'camera', type: 'RTSP', input: 'rtsp://admin:s3cret@cam/live' },
    ...{ targetFps: 24, qualities: { video: [{ copy: true }] } },
    ...stream,
  };
  const [parsed] = streamsSchema.parse([entry]) as RtspStream[];
  return offerFindings(parsed!, { ...OFFER, ...offer }).map(({ level, message }) => `${level}: ${message}`);
}

test('what a camera offers that suits is not worth a word', () => {
  expect(warnings({ answered: 'Digest MD5' })).toEqual([]);
  expect(warnings({ transports: { tcp: undefined, udp: REFUSED } })).toEqual([]);
});

test('a transport that is wanted and refused', () => {
  const [tcp] = warnings({ transports: { tcp: REFUSED, udp: undefined } });
  expect(tcp).toMatch(/^warning: refuses TCP and is watched over UDP, .*: turn on RTP over RTSP in the camera$/);
  const [udp] = warnings({ transports: { tcp: undefined, udp: REFUSED } }, { transport: 'udp' });
  expect(udp).toBe('warning: refuses UDP and is watched over TCP: set "transport" to "tcp"');
});

test('a password that all can read', () => {
  expect(warnings({ answered: 'Basic' })).toEqual([expect.stringMatching(/in the clear \(Basic\).*: turn on Digest/)]);
  expect(warnings({ answered: 'Basic' }, { input: 'rtsps://admin:s3cret@cam/live' })).toEqual([]);
});

test('figures, of which what the camera says is bounded', () => {
  expect(offerFigures(OFFER)).toEqual({ offers: 'video H264, back channel' });
  const figures = offerFigures({
    ...OFFER,
    challenges: ['Digest MD5', 'Basic'],
    server: `Cam\u0007${'x'.repeat(9999)}`,
  });
  expect(figures['asksWhoIsThereBy']).toBe('Digest MD5, Basic');
  expect(figures['server']).toBe(`Cam?${'x'.repeat(196)}`);
});
