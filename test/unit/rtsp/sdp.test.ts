import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { offerOf, type Offer } from '../../../agent/rtsp/offer.ts';
import { parseSdp } from '../../../agent/rtsp/sdp.ts';

const sdp = (...lines: readonly string[]): string =>
  ['v=0', 'o=- 1 1 IN IP4 10.0.0.5', 's=-', 't=0 0', ...lines, ''].join('\r\n');
const offer = (...lines: readonly string[]): Offer => offerOf(parseSdp(sdp(...lines)));
const entries = (parameters: ReadonlyMap<string, string> | undefined): unknown => Object.fromEntries(parameters ?? []);

/** What makers send, as shapes: which lines there are, in which order, and what is odd in them. */
describe('the description of', () => {
  it('a camera with sound and metadata, all as it should be', () => {
    const { video, audio } = offer(
      'a=control:*',
      'a=range:npt=0-',
      'm=video 0 RTP/AVP 96',
      'b=AS:5000',
      'a=rtpmap:96 H264/90000',
      'a=fmtp:96 profile-level-id=420029; packetization-mode=1; sprop-parameter-sets=Z0IAKeNQFAe2AtwEBAaQeJEV,aM48gA==',
      'a=control:trackID=1',
      'm=audio 0 RTP/AVP 97',
      'a=rtpmap:97 MPEG4-GENERIC/16000/1',
      'a=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;indexdeltalength=3;config=1408',
      'a=control:trackID=2',
      'm=application 0 RTP/AVP 107',
      'a=rtpmap:107 vnd.onvif.metadata/90000',
      'a=control:trackID=3',
    );
    expect(video).toMatchObject({
      kind: 'video',
      control: 'trackID=1',
      format: { codec: 'h264', payloadType: 96, clockRate: 90_000, channels: 1 },
    });
    expect(entries(video?.format.parameters)).toEqual({
      'profile-level-id': '420029',
      'packetization-mode': '1',
      'sprop-parameter-sets': 'Z0IAKeNQFAe2AtwEBAaQeJEV,aM48gA==',
    });
    expect(audio).toMatchObject({
      control: 'trackID=2',
      format: { codec: 'aac', payloadType: 97, clockRate: 16_000, channels: 1 },
    });
    expect(audio?.format.parameters.get('config')).toBe('1408');
  });

  it('a camera of H.265, with its sets one by one', () => {
    const { video } = offer(
      'm=video 0 RTP/AVP 98',
      'a=rtpmap:98 H265/90000',
      'a=fmtp:98 profile-id=1;sprop-sps=QgEB;sprop-pps=RAHA;sprop-vps=QAEM',
      'a=recvonly',
      'a=control:rtsp://10.0.0.5/live/track1',
    );
    expect(video?.format.codec).toBe('h265');
    expect(entries(video?.format.parameters)).toMatchObject({
      'sprop-vps': 'QAEM',
      'sprop-sps': 'QgEB',
      'sprop-pps': 'RAHA',
    });
  });

  it('one that says the same twice, its sound before its picture, and a clock of its own', () => {
    const { video, audio } = offer(
      'm=audio 0 RTP/AVP 8',
      'a=control:track2',
      'a=rtpmap:8 PCMA/8000',
      'm=video 0 RTP/AVP 96',
      'a=control:track1',
      'a=rtpmap:96 H264/25',
      'm=video 0 RTP/AVP 97',
      'a=control:track3',
      'a=rtpmap:97 H264/90000',
    );
    expect(video).toMatchObject({ control: 'track1', format: { payloadType: 96, clockRate: 90_000 } });
    expect(audio).toMatchObject({ control: 'track2', format: { codec: 'pcma', clockRate: 8000 } });
  });

  it.for<[what: string, lines: string[]]>([
    ['whose rtpmap ends in a space', ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000 ', 'a=control:t']],
    ['whose rtpmap is behind two spaces', ['m=video 0  RTP/AVP  96', 'a=rtpmap: 96  h264 / 90000', 'a=control: t ']],
    ['without a rate', ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264', 'a=control:t']],
    ['with a range of ports', ['m=video 0/2 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=control:t']],
    [
      'whose fmtp is nothing but its number',
      ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=fmtp:96', 'a=control:t'],
    ],
    [
      'with an fmtp that is none',
      ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=fmtp:96 ;;=;a;', 'a=control:t'],
    ],
    ['whose formats are no numbers', ['m=video 0 RTP/AVP H264', 'a=rtpmap:96 H264/90000', 'a=control:t']],
    [
      'with a format nobody knows first',
      ['m=video 0 RTP/AVP 99 96', 'a=rtpmap:99 X-VENDOR/90000', 'a=rtpmap:96 H264/90000', 'a=control:t'],
    ],
    ['without a rtpmap', ['m=video 0 RTP/AVP 96', 'a=fmtp:96 sprop-parameter-sets=Z0IA,aM4=', 'a=control:t']],
    ['that sees itself as the sender', ['m=video 0 RTP/AVP 96', 'a=sendonly', 'a=rtpmap:96 H264/90000', 'a=control:t']],
    ['whose lines begin with spaces', ['  m=video 0 RTP/AVP 96', ' a=rtpmap:96 H264/90000', ' a=control:t']],
  ])('one %s is understood', ([, lines]) => {
    expect(offer(...lines).video).toMatchObject({
      control: 't',
      format: { codec: 'h264', payloadType: 96, clockRate: 90_000 },
    });
  });

  it('one whose lines end in LF or CR alone, without an origin', () => {
    for (const end of ['\n', '\r', '\r\n\r\n']) {
      const lines = ['v=0', 'm=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=control:t'];
      expect(offerOf(parseSdp(lines.join(end))).video?.control).toBe('t');
    }
  });

  it('one with a back channel: that is no sound of the camera', () => {
    const backChannel = ['m=audio 0 RTP/AVP 0', 'a=control:back', 'a=sendonly'];
    const video = ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000', 'a=control:v'];
    const sound = ['m=audio 0 RTP/AVP 0', 'a=control:sound'];
    expect(offer(...video, ...backChannel).audio).toBeUndefined();
    expect(offer(...backChannel, ...video, ...sound).audio?.control).toBe('sound');
    expect(offer(...video, 'a=sendonly', ...sound, 'a=sendonly').audio?.control).toBe('sound');
  });

  it('one that has only what is not used: it is named', () => {
    expect(offer('m=video 0 RTP/AVP 26', 'a=control:t', 'm=audio 0 RTP/AVP 3')).toEqual({
      video: undefined,
      audio: undefined,
      media: [
        { kind: 'video', encoding: 'JPEG' },
        { kind: 'audio', encoding: 'GSM' },
      ],
    });
    expect(offer()).toEqual({ video: undefined, audio: undefined, media: [] });
    // Sound is no picture, whatever stands above it.
    expect(offer('m=video 0 RTP/AVP 8').video).toBeUndefined();
  });
});

test('the control of all is the one before the first track', () => {
  expect(parseSdp(sdp('a=control:rtsp://cam/live/', 'm=video 0 RTP/AVP 96', 'a=control:t')).control).toBe(
    'rtsp://cam/live/',
  );
  expect(parseSdp(sdp('m=video 0 RTP/AVP 96', 'a=control:t')).control).toBeUndefined();
});

test('anything at all is read in the time its bytes take', () => {
  const line = fc.oneof(
    fc.constantFrom(
      'm=video 0 RTP/AVP 96',
      'm=audio',
      'm=',
      'a=rtpmap:96 H264/90000',
      'a=fmtp:96 a=b;c',
      'a=control:',
      'a=rtpmap:',
      'x',
    ),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 40 }), fc.constantFrom('\n', '\r\n', ' '), (lines, end) => {
      expect(offerOf(parseSdp(lines.join(end))).media.length).toBeLessThanOrEqual(lines.length);
    }),
  );
  const started = performance.now();
  for (const text of [
    `a=${' '.repeat(250_000)}`,
    `m=${'1 '.repeat(120_000)}`,
    'm=video 0 RTP/AVP 96\n'.repeat(12_000),
    `a=fmtp:96 ${';='.repeat(120_000)}`,
  ]) {
    offerOf(parseSdp(text));
  }
  expect(performance.now() - started).toBeLessThan(2000);
});
