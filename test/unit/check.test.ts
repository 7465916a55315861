import { describe, expect, test } from 'vitest';
import { atMost } from '../../agent/check/pool.ts';
import { cameraFindings } from '../../agent/check/camera-findings.ts';
import { clockFinding, differenceOf } from '../../agent/check/clock.ts';
import { whyUnreachable } from '../../agent/check/edge-request.ts';
import { encoderFinding } from '../../agent/check/encoder-findings.ts';
import { about } from '../../agent/check/finding.ts';
import type { Observation, RtspStream } from '../../agent/check/observation.ts';
import { frameRateOf, keyframeDistanceOf, PacketReader, type Packet } from '../../agent/check/packet.ts';
import { passageFinding, verdictOf } from '../../agent/check/passage-verdict.ts';
import { jsonReport, textReport } from '../../agent/check/report.ts';
import { pictureSizeOf, sourceVideoOf } from '../../agent/check/source-video.ts';
import { claimsOf } from '../../agent/check/token-check.ts';
import type { Trial } from '../../agent/encoders/trial.ts';
import { streamsSchema } from '../../agent/config/schema.ts';
import type { StreamName } from '../../protocol/names.ts';
import { signToken } from '../../protocol/token.ts';
import { milliseconds, seconds } from '../../protocol/units.ts';

/** What `fast-ll check` makes of what it sees. */

/** Frames at a steady rate, each `gop`th of them a keyframe. */
const packets = (rate: number, count: number, gop: number): Packet[] =>
  Array.from({ length: count }, (_, index) => ({
    time: seconds(1_795_341_600 + index / rate),
    keyframe: index % gop === 0,
  }));

describe('what FFmpeg prints', () => {
  test.each([
    [
      '[info]   Stream #0:0: Video: h264 (High), yuv420p(progressive), 640x360 [SAR 1:1 DAR 16:9], 25 fps, 25 tbr',
      { codec: 'h264', profile: 'High', size: { width: 640, height: 360 } },
    ],
    [
      '[info]     Stream #0:1(eng): Video: hevc (Main), yuvj420p(pc, bt709), 3840x2160, 90k tbr, 90k tbn, 90k tbc',
      { codec: 'hevc', profile: 'Main', size: { width: 3840, height: 2160 } },
    ],
    ['[info]   Stream #0:0: Video: h264, none, 90k tbr, 90k tbn', { codec: 'h264' }],
    ['[info]   Stream #0:0: Audio: pcm_mulaw, 8000 Hz, 1 channels, s16, 64 kb/s', undefined],
  ])('of its input: %s', (line, expected) => {
    expect(sourceVideoOf(line)).toEqual(expected);
  });

  test('of the first picture', () => {
    const line =
      '[Parsed_showinfo_1 @ 0x55] [info] n:   0 pts:16 pos:  -1 fmt:yuv420p sar:1/1 s:640x360 i:P iskey:1 type:I';
    expect(pictureSizeOf(line)).toEqual({ width: 640, height: 360 });
    expect(pictureSizeOf('[Parsed_showinfo_1 @ 0x55] [info] config in time_base: 1/90000')).toBeUndefined();
  });

  test('of packets, by an old FFmpeg and a new one', () => {
    const reader = new PacketReader();
    const lines = [
      '#extradata 0:       37, 0xbafa0a3c',
      '#tb 0: 1/90000',
      '#dimensions 0: 640x360',
      '0, 161581249827172, 161581249827172,     3600,    19703, 0x64866532',
      '0, 161581249917172, 161581249917172,     3600,     8408, 0x2be93bdb, F=0x0',
      '0, 161581250007172, 161581250007172,     3600,    17574, 0xa104a2ca, S=1,       16',
      '0, 161581250097172, 161581250097172,     3600,     7755, 0x48ef36f2, F=0x0, S=1,       16',
      '0, 161581250187172, 161581250187172,     3600,     7755, 0x48ef36f2, F=0x5',
    ];
    const found = lines.flatMap((line) => reader.push(line) ?? []);
    expect(found.map(({ keyframe }) => keyframe)).toEqual([true, false, true, false, true]);
    expect(found.map(({ time }) => time - (found[0]?.time ?? 0))).toEqual(
      [0, 1, 2, 3, 4].map((t) => expect.closeTo(t)),
    );
  });
});

describe('frames', () => {
  test('have the rate they come at, whatever burst they begin with', () => {
    const burst = packets(1000, 100, 1000).map(({ time, keyframe }) => ({ time: seconds(time - 0.1), keyframe }));
    expect(frameRateOf(packets(12.5, 50, 25))).toBeCloseTo(12.5);
    expect(frameRateOf([...burst, ...packets(25, 75, 25)])).toBeCloseTo(25, 0);
    expect(frameRateOf(packets(1, 4, 2))).toBeCloseTo(1);
    expect(frameRateOf(packets(25, 1, 1))).toBeUndefined();
  });

  test('have keyframes a certain distance apart', () => {
    expect(keyframeDistanceOf(packets(25, 75, 25))).toEqual({ least: 25, usual: 25, most: 25 });
    expect(keyframeDistanceOf(packets(25, 25, 25))).toBeUndefined();
    expect(keyframeDistanceOf([...packets(25, 11, 10), ...packets(25, 35, 12)])).toMatchObject({ least: 1, most: 12 });
  });
});

describe('a camera', () => {
  const [stream] = streamsSchema.parse([
    {
      ...{ name: 'A camera', stream: 'camera', type: 'RTSP', input: 'rtsp://admin:Admin!!!@camera/live' },
      ...{ targetFps: 24, qualities: { video: [{ targetWidth: 640, targetBitrate: 500 }] } },
    },
  ]) as RtspStream[];
  const seen: Observation = {
    video: { codec: 'h264', profile: 'High', size: { width: 640, height: 360 } },
    packets: packets(25, 75, 25),
    firstPacket: milliseconds(160),
    firstPicture: milliseconds(210),
    reordering: milliseconds(0),
    lost: 0,
  };
  const levels = (changes: Partial<Observation>, also: Partial<RtspStream> = {}): string[] =>
    cameraFindings({ ...stream!, ...also }, { ...seen, ...changes }).map(
      ({ level, message }) => `${level}: ${message}`,
    );

  test('that suits is told in one line, without its password', () => {
    const [line, ...more] = levels({});
    expect(more).toEqual([]);
    expect(line).toBe(
      'fine: rtsp://camera/live: H.264 High, 640×360, 25 frames/s, a keyframe every 25 frames (1.0 s), first packet after 0.16 s, first picture after 0.21 s',
    );
  });

  test.each<[what: string, changes: Partial<Observation>, expected: RegExp]>([
    ['sends H.265', { video: { codec: 'hevc' } }, /^warning: H\.265 costs .*: choose H\.264 in the camera$/],
    [
      'is slower than asked',
      { packets: packets(10, 50, 10) },
      /^warning: sends 10 frames\/s, .*: set "targetFps" to 10,/,
    ],
    [
      'is smaller than asked',
      { video: { codec: 'h264', size: { width: 351, height: 288 } } },
      /^warning: "targetWidth" 640 is wider .*: set 350 or less/,
    ],
    [
      'has rare keyframes',
      { packets: packets(25, 125, 500) },
      /^warning: whoever is first to watch waits for a keyframe/,
    ],
    [
      'shows no keyframe',
      { packets: packets(25, 125, 25).map(({ time }) => ({ time, keyframe: false })), firstPicture: undefined },
      /^broken: its frames come, but no keyframe/,
    ],
    ['can not be decoded', { firstPicture: undefined }, /^broken: its frames come, but FFmpeg can decode none/],
    ['has B frames', { reordering: milliseconds(80) }, /^warning: has B frames, .* 80 ms: turn them off/],
    ['loses packets', { lost: 12 }, /^warning: 12 packets were lost on the way.*"transport": "tcp"/],
    [
      'the client can make no sense of',
      { instead: { kind: 'unusable', message: 'the camera sends JPEG, not H.264 or H.265: set it to one of them' } },
      /^warning: FFmpeg has to speak to it, .*: the camera sends JPEG/,
    ],
  ])('that %s is told so', (_, changes, expected) => {
    const [first, second, ...more] = levels(changes);
    expect(first).toMatch(/^fine: rtsp:\/\/camera\/live: H\.26/);
    expect(second).toMatch(expected);
    expect(more).toEqual([]);
  });

  describe('that is copied', () => {
    const copying = (changes: Partial<Observation>, ...beside: object[]): string[] => {
      const video = [{ copy: true as const }, ...beside] as RtspStream['qualities']['video'];
      const looked = { video: { codec: 'h264', codecs: 'avc1.64001F' }, firstPicture: undefined, ...changes };
      return levels(looked, { qualities: { video } }).slice(1);
    };

    test('is said to be', () => {
      expect(copying({})).toEqual(['fine: copied as H.264 (avc1.64001F)']);
      expect(copying({ firstPicture: milliseconds(300) }, { targetWidth: 640, targetBitrate: 500 })).toEqual([
        'fine: copied as H.264 (avc1.64001F); encoded 640 pixels wide at 500 kbit/s',
      ]);
    });

    test('without keyframes, or with rare ones, is refused with the reason', () => {
      const none = packets(25, 275, 25).map(({ time }) => ({ time, keyframe: false }));
      expect(copying({ packets: none })[0]).toMatch(
        /^broken: not to be copied: it sends no keyframes \(intra refresh\)/,
      );
      expect(copying({ packets: packets(25, 300, 1000) })[0]).toMatch(/^broken: .* more than 10 s apart/);
      expect(copying({ packets: packets(25, 275, 200) })[0]).toMatch(/^fine/);
    });

    test('as H.265 and nothing else is not for every browser', () => {
      const video = { codec: 'hevc', codecs: 'hvc1.1.6.L93.B0' };
      expect(copying({ video })).toEqual([
        'fine: copied as H.265 (hvc1.1.6.L93.B0)',
        expect.stringMatching(/^warning: not every browser plays H\.265/),
      ]);
    });

    test('is not, where FFmpeg has to speak to it', () => {
      const instead = { kind: 'unusable', message: 'the camera sends JPEG' } as const;
      const seenByFfmpeg = { instead, firstPicture: milliseconds(300) };
      expect(copying(seenByFfmpeg, { targetWidth: 640, targetBitrate: 500 })).toEqual([
        'broken: not to be copied: the camera sends JPEG',
        'fine: encoded 640 pixels wide at 500 kbit/s',
        expect.stringMatching(/^warning: FFmpeg has to speak/),
      ]);
    });
  });

  test('that is always on keeps nobody waiting for keyframes', () => {
    expect(levels({ packets: packets(25, 125, 500) }, { alwaysOn: true })).toHaveLength(1);
  });
});

describe('the way to the edge and back', () => {
  const written = [0, 200, 400, 600, 800].map(milliseconds);
  const passage = (arrived: readonly number[], opened: number) => ({
    written,
    arrived: arrived.map(milliseconds),
    opened: milliseconds(opened),
    gap: milliseconds(200),
  });

  test('streams, however long it is', () => {
    expect(verdictOf(passage([3, 204, 402, 605, 803], 2))).toEqual({ kind: 'streams', added: 3 });
    expect(verdictOf(passage([900, 1110, 1300, 1490, 1700], 600))).toEqual({ kind: 'streams', added: 900 });
    // One piece that was late holds up those behind it.
    expect(verdictOf(passage([50, 650, 651, 652, 850], 40))).toMatchObject({ kind: 'streams' });
  });

  test.each([
    ['requests whole', [820, 820, 820, 821, 822], 815, { side: 'request', whole: true, late: 798 }],
    ['responses whole', [830, 830, 830, 830, 830], 10, { side: 'response', whole: true, late: 800 }],
    ['responses in part', [610, 610, 610, 610, 810], 10, { side: 'response', whole: false, late: 600 }],
    ['requests whole, far away', [1220, 1220, 1220, 1220, 1220], 1200, { side: 'request', whole: true, late: 800 }],
  ] as const)('buffers %s', (_, arrived, opened, expected) => {
    const verdict = verdictOf(passage(arrived, opened));
    expect(verdict).toEqual({ kind: 'buffered', ...expected });
    expect(passageFinding(verdict)).toMatchObject({
      level: expected.whole ? 'broken' : 'warning',
      message: expect.stringContaining(`${expected.side} bodies are buffered`) as string,
    });
  });
});

describe("the edge's clock", () => {
  test('is what all answers allow, in the middle', () => {
    const bounds = { at: milliseconds(0), least: milliseconds(1040), most: milliseconds(1060) };
    expect(differenceOf(bounds, milliseconds(1000))).toEqual({ ahead: 50, uncertainty: 10 });
  });

  test.each([
    [30, 0, 0, 'fine', /^the edge's clock is 30 ms ahead of this machine's \(± 5 ms\)$/],
    [30, undefined, 3, 'fine', /30 ms ahead of/],
    [-500, 0, 0, 'warning', /500 ms behind .*pictures get the edge's time: set this machine by NTP/],
    [7_200_000, 0, 0, 'warning', /7200\.00 s ahead of .*pictures get the edge's time/],
    [0, 3000, 3, 'fine', /players are told 3\.00 s less, as "timeDisplacement" says/],
    [0, 2500, 0, 'fine', /players are told 2\.50 s less, as TIME_DISPLACEMENT at the edge says/],
    [0, 0, 3, 'warning', /told 0 ms less.*"timeDisplacement" has no effect.*set TIME_DISPLACEMENT/],
  ] as const)(
    '%i ms ahead, telling players %s ms less instead of %i s, is %s',
    (ahead, told, meant, level, message) => {
      const difference = { ahead: milliseconds(ahead), uncertainty: milliseconds(5) };
      const finding = clockFinding(difference, told === undefined ? undefined : milliseconds(told), seconds(meant));
      expect(finding.level).toBe(level);
      expect(finding.message).toMatch(message);
    },
  );
});

describe('an encoder', () => {
  const trial = (verdict: Trial['verdict'], device?: string): Trial => ({
    ...{ verdict, encoder: { kind: 'vaapi', device, options: new Map(), lowPower: false } },
  });
  const said = (verdict: Trial['verdict'], users: readonly string[] = []): string => {
    const { level, message } = encoderFinding('vaapi', trial(verdict, '/dev/dri/renderD128'), users);
    return `${level}: ${message}`;
  };

  test.each<[verdict: Trial['verdict'], users: readonly string[], expected: string]>([
    [{ kind: 'fits' }, ['front'], 'fine: VAAPI on /dev/dri/renderD128 can encode: a frame out for each in, at once'],
    [{ kind: 'unfit', reason: 'no' }, [], "fine: VAAPI on /dev/dri/renderD128 can't encode: no"],
    [
      ...([{ kind: 'unfit', reason: 'no' }, ['front', 'back']] as const),
      "warning: VAAPI on /dev/dri/renderD128 can't encode: no; software encodes front, back instead",
    ],
    [
      ...([{ kind: 'late', frames: 1 }, ['front']] as const),
      'warning: VAAPI on /dev/dri/renderD128 can encode, but it holds back a frame, so that pictures are later by as much: "auto" leaves it out',
    ],
  ])('that %o, named by %o', (verdict, users, expected) => {
    expect(said(verdict, users)).toBe(expected);
  });
});

test('a token tells what it is for', async () => {
  const claims = { sub: 'door' as StreamName, scope: 'publish', exp: 1_800_000_000 } as const;
  expect(claimsOf(await signToken(claims, 'a secret of some length'))).toEqual(claims);
  expect(claimsOf('a.b.c')).toBeUndefined();
  expect(claimsOf('')).toBeUndefined();
});

test.each([
  ['ENOTFOUND', /^its host name is not known/],
  ['UND_ERR_CONNECT_TIMEOUT', /^it does not answer/],
  ['CERT_HAS_EXPIRED', /^its TLS certificate has ended/],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', /^nobody whom this machine trusts/],
  ['HPE_INVALID_CONSTANT', /^it does not speak HTTP/],
  ['SOMETHING_ELSE', /^what happened$/],
])('an edge that fails with %s is explained', (code, expected) => {
  const error = new TypeError('fetch failed', { cause: Object.assign(new Error('what happened'), { code }) });
  expect(whyUnreachable(code === 'SOMETHING_ELSE' ? error.cause : error)).toMatch(expected);
});

test('at most so many at a time, results in order', async () => {
  let running = 0;
  let most = 0;
  const results = await atMost(3, [30, 10, 20, 5, 1], async (delay) => {
    most = Math.max(most, (running += 1));
    await new Promise((resolve) => setTimeout(resolve, delay));
    running -= 1;
    return delay * 2;
  });
  expect(results).toEqual([60, 20, 40, 10, 2]);
  expect(most).toBe(3);
});

describe('the report', () => {
  const findings = [
    about('ffmpeg', 'FFmpeg').fine('5.1.9'),
    about('camera', 'front_door').warning('sends 10 frames/s, fewer than "targetFps" 24: set "targetFps" to 10'),
  ];
  const paint = (level: string, text: string): string => `<${level}>${text}`;

  test('has a line for each finding, and sums up', () => {
    expect(textReport(findings, { width: undefined, paint }).split('\n')).toEqual([
      '<fine>✔ FFmpeg      5.1.9',
      '<warning>! front_door  sends 10 frames/s, fewer than "targetFps" 24: set "targetFps" to 10',
      '',
      '<warning>It works, and 1 thing could be better.',
    ]);
  });

  test('keeps long lines in their column of a terminal', () => {
    expect(textReport(findings, { width: 50, paint }).split('\n').slice(1, 4)).toEqual([
      '<warning>! front_door  sends 10 frames/s, fewer than',
      '              "targetFps" 24: set "targetFps" to',
      '              10',
    ]);
  });

  test('is one JSON document for machines', () => {
    expect(JSON.parse(jsonReport(findings, '1.0.0'))).toEqual({ version: '1.0.0', ok: true, findings });
  });
});
