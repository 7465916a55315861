import { expect, test } from 'vitest';
import type { RtspResponse } from '../../../agent/rtsp/message.ts';
import {
  formatTransport,
  parseSession,
  parseTransport,
  type Transport,
  type TransportKind,
} from '../../../agent/rtsp/transport.ts';

const answer = (name: string, value: string | undefined): RtspResponse => ({
  kind: 'response',
  protocol: 'RTSP',
  status: 200,
  reason: 'OK',
  headers: new Map(value === undefined ? [] : [[name, [value]]]),
  body: '',
});

test('what is asked for', () => {
  expect(formatTransport('tcp', { rtp: 2, rtcp: 3 })).toBe('RTP/AVP/TCP;unicast;interleaved=2-3');
  expect(formatTransport('udp', { rtp: 50_000, rtcp: 50_001 })).toBe('RTP/AVP;unicast;client_port=50000-50001');
});

test.for<[kind: TransportKind, said: string | undefined, agreed: Transport]>([
  ['tcp', 'RTP/AVP/TCP;unicast;interleaved=0-1;ssrc=7B;mode="PLAY"', { kind: 'tcp', channels: { rtp: 0, rtcp: 1 } }],
  ['tcp', 'RTP/AVP/TCP;unicast;interleaved=4-5;ssrc= 7B 0;', { kind: 'tcp', channels: { rtp: 4, rtcp: 5 } }],
  ['tcp', 'RTP/AVP/TCP;unicast; Interleaved = 4', { kind: 'tcp', channels: { rtp: 2, rtcp: 3 } }],
  ['tcp', 'RTP/AVP/TCP;unicast;interleaved=4', { kind: 'tcp', channels: { rtp: 4, rtcp: 5 } }],
  ['tcp', 'RTP/AVP/TCP;unicast', { kind: 'tcp', channels: { rtp: 2, rtcp: 3 } }],
  ['tcp', 'RTP/AVP/TCP;interleaved=300-301', { kind: 'tcp', channels: { rtp: 2, rtcp: 3 } }],
  ['tcp', 'RTP/AVP;unicast;interleaved=0-1', { kind: 'tcp', channels: { rtp: 0, rtcp: 1 } }],
  ['tcp', undefined, { kind: 'tcp', channels: { rtp: 2, rtcp: 3 } }],
  ['tcp', 'RTP/AVP;unicast;client_port=1-2;server_port=3-4', { kind: 'other' }],
  [
    'udp',
    'RTP/AVP;unicast;client_port=2-3;server_port=6000-6001;source=10.0.0.5',
    { kind: 'udp', source: '10.0.0.5', serverPorts: { rtp: 6000, rtcp: 6001 } },
  ],
  ['udp', 'RTP/AVP/UDP;unicast;client_port=2-3', { kind: 'udp', source: undefined, serverPorts: undefined }],
  [
    'udp',
    'RTP/AVP;unicast;server_port=6000',
    { kind: 'udp', source: undefined, serverPorts: { rtp: 6000, rtcp: 6001 } },
  ],
  ['udp', undefined, { kind: 'udp', source: undefined, serverPorts: undefined }],
  ['udp', 'RTP/AVP/TCP;unicast;interleaved=0-1', { kind: 'tcp', channels: { rtp: 0, rtcp: 1 } }],
  ['udp', 'RTP/AVP;multicast;destination=232.1.1.1;port=1-2', { kind: 'other' }],
  ['udp', 'RTP/SAVP;unicast;server_port=1-2', { kind: 'other' }],
])('asked for %s and told %s', ([kind, said, agreed]) => {
  expect(parseTransport(answer('transport', said), { kind, pair: { rtp: 2, rtcp: 3 } })).toEqual(agreed);
});

test.for([
  ['12345678', { id: '12345678', timeout: undefined }],
  ['12345678;timeout=60', { id: '12345678', timeout: 60 }],
  [' AB-c ; timeout = 30 ;', { id: 'AB-c', timeout: 30 }],
  ['1;timeout=soon', { id: '1', timeout: undefined }],
  [';timeout=60', undefined],
  [undefined, undefined],
] as const)('the session %s', ([said, session]) => expect(parseSession(answer('session', said))).toEqual(session));
