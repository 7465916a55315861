/** Hardware encoders: what each is told, and whether it is taken. None of them is here: x264 plays the part of one. */
import { fileURLToPath } from 'node:url';
import { spawnSync } from 'node:child_process';
import installer from '@ffmpeg-installer/ffmpeg';
import { describe, expect, test, vi } from 'vitest';
import { systemClock, type Clock } from '../../agent/clock.ts';
import { streamsSchema, type StreamConfig } from '../../agent/config/schema.ts';
import { deviceFor, HARDWARE, SOFTWARE, type Encoder, type Hardware } from '../../agent/encoders/encoder.ts';
import { Encoders, textOf, type Choice, type Wish } from '../../agent/encoders/encoders.ts';
import { encoderOptions } from '../../agent/encoders/help.ts';
import { StreamEncoder } from '../../agent/encoders/stream-encoder.ts';
import { trialArguments, tryEncoder } from '../../agent/encoders/trial.ts';
import { verdictOf } from '../../agent/encoders/verdict.ts';
import { ffmpegRun } from '../../agent/ffmpeg/arguments.ts';
import type { FfmpegProgram } from '../../agent/ffmpeg/locate.ts';
import { milliseconds, seconds } from '../../protocol/units.ts';
import { recordedCamera } from '../recorded-camera.ts';

const FAKE = fileURLToPath(new URL('../fixtures/vaapi-ffmpeg.js', import.meta.url));

/** What FFmpeg 5.1 says of its encoders, but for the explanations; VideoToolbox as on a Mac. */
const HELP: Readonly<Record<Hardware, Readonly<Record<string, readonly string[]>>>> = {
  nvenc: {
    preset: ['llhp', 'p1', 'p2'],
    ...{ tune: ['ll', 'ull'], profile: ['main', 'high'], level: ['auto', '3.0'], rc: ['vbr', 'cbr'] },
    ...{ 'rc-lookahead': [], gpu: ['any'], delay: [], 'forced-idr': [], zerolatency: [] },
  },
  vaapi: { low_power: [], async_depth: [], profile: ['main', 'high'], level: ['3'] },
  qsv: { async_depth: [], preset: ['veryfast'], forced_idr: [], look_ahead: [], profile: ['high'] },
  v4l2m2m: { num_output_buffers: [], num_capture_buffers: [] },
  videotoolbox: { profile: ['main', 'high'], level: ['3.0'], allow_sw: [], realtime: [], prio_speed: [] },
};

const helpOf = (kind: Hardware, options = HELP[kind]): string =>
  [
    `Encoder h264_${kind} [H.264]:`,
    ...Object.entries(options).flatMap(([option, values]) => [
      `  -${option.padEnd(17)} <int>        E..V....... Of it (from 0 to 18) (default p4)`,
      ...values.map((value) => `     ${value.padEnd(15)} 12           E..V....... One of them`),
    ]),
  ].join('\n');

const encoderOf = (kind: Hardware, device?: string, options = HELP[kind]): Encoder => ({
  ...{ kind, lowPower: false, device: deviceFor(kind, device) },
  options: encoderOptions(helpOf(kind, options))!,
});

const streamWith = (more: object): StreamConfig =>
  streamsSchema.parse([
    {
      ...{ name: 'Front', stream: 'front', type: 'RTSP', input: 'rtsp://camera/', targetFps: 25 },
      qualities: { video: [{ targetWidth: 640, targetBitrate: 500 }] },
      ...more,
    },
  ])[0]!;

const argumentsFor = (encoder: Encoder, hasFpsMode = true, stream = streamWith({})): string =>
  ffmpegRun(stream, { now: seconds(1_795_341_600), hasFpsMode, encoder, fed: { from: undefined } }).args.join(' ');

describe('what an encoder is told', () => {
  test.each<[kind: Hardware, device: string | undefined, start: string, picture: string, codec: string]>([
    [
      ...(['nvenc', '1', '-threads 1', 'format=yuv420p'] as const),
      '-c:v h264_nvenc -bf 0 -g 65535 -preset p2 -tune ull -rc cbr -profile:v high -zerolatency 1 -delay 0 -rc-lookahead 0 -forced-idr 1 -gpu 1 -force_key_frames',
    ],
    [
      'vaapi',
      '/dev/dri/renderD129',
      '-init_hw_device vaapi=gpu:/dev/dri/renderD129 -filter_hw_device gpu -threads 1',
      'format=nv12,hwupload',
      '-c:v h264_vaapi -bf 0 -g 65535 -async_depth 1 -profile:v high -force_key_frames',
    ],
    [
      'qsv',
      '/dev/dri/renderD128',
      '-init_hw_device vaapi=gpu:/dev/dri/renderD128 -init_hw_device qsv=quick_sync@gpu -threads 1',
      'format=nv12',
      '-c:v h264_qsv -bf 0 -g 65535 -preset veryfast -async_depth 1 -look_ahead 0 -forced_idr 1 -profile:v high -force_key_frames',
    ],
    [
      ...(['v4l2m2m', undefined, '-threads 1', 'format=yuv420p'] as const),
      '-c:v h264_v4l2m2m -bf 0 -g 65535 -bsf:v extract_extradata -force_key_frames',
    ],
    [
      ...(['videotoolbox', undefined, '-threads 1', 'format=nv12'] as const),
      '-c:v h264_videotoolbox -bf 0 -g 65535 -realtime 1 -prio_speed 1 -allow_sw 0 -profile:v high -force_key_frames',
    ],
  ])('%s', (kind, device, start, picture, codec) => {
    const args = argumentsFor(encoderOf(kind, device));
    expect(args).toContain(`-loglevel level+warning ${start} `);
    expect(args).toContain(`flags=bicubic,${picture}[v0] -copyts -map [v0] -fpsmax 25 -enc_time_base 1/1000 ${codec}`);
    expect(args).toContain('-b:v 500k -maxrate 500k -bufsize 500k');
    expect(args).not.toMatch(/x264|zerolatency (?!1)|sc_threshold|passthrough/);
  });

  test('software is told what it always was', () => {
    expect(argumentsFor(SOFTWARE)).toContain(
      'flags=bicubic,format=yuv420p[v0] -copyts -map [v0] -fps_mode passthrough -enc_time_base 1/1000 -c:v libx264 -preset veryfast -tune zerolatency -profile:v high -bf 0 -g 100000 -sc_threshold 0 -forced-idr 1 -x264-params fps=25 -force_key_frames',
    );
  });

  test('options that an older build does not know, or values, are left out', () => {
    const old = { preset: ['llhp'], rc: ['cbr'], zerolatency: [], profile: ['high'] };
    expect(argumentsFor(encoderOf('nvenc', undefined, old), false)).toContain(
      '-r 25 -enc_time_base 1/1000 -c:v h264_nvenc -bf 0 -g 65535 -preset llhp -rc cbr -profile:v high -zerolatency 1 -force_key_frames',
    );
    const newer = { async_depth: [], preset: ['p1'], profile: ['other'] };
    expect(argumentsFor(encoderOf('qsv', undefined, newer))).toContain(
      '-c:v h264_qsv -bf 0 -g 65535 -async_depth 1 -force_key_frames',
    );
  });

  test('a small picture has a level that browsers know, by its number', () => {
    const small = streamWith({ qualities: { video: [{ targetWidth: 160, targetBitrate: 100 }] } });
    expect(argumentsFor(encoderOf('vaapi'), true, small)).toContain('-level 30 ');
    expect(argumentsFor(encoderOf('v4l2m2m'), true, small)).not.toContain('-level 30');
  });

  test('each quality has an encoder of its own on the one device', () => {
    const video = [640, 320].map((targetWidth) => ({ targetWidth, targetBitrate: targetWidth }));
    const args = argumentsFor(encoderOf('vaapi'), true, streamWith({ qualities: { video } }));
    expect(args.match(/-init_hw_device/g)).toHaveLength(1);
    expect(args.match(/hwupload\[v[01]\]/g)).toHaveLength(2);
    expect(args.match(/-c:v h264_vaapi/g)).toHaveLength(2);
  });

  test('in a trial it is the same as in earnest', () => {
    for (const kind of HARDWARE) {
      const encoder = encoderOf(kind) as Exclude<Encoder, typeof SOFTWARE>;
      const args = trialArguments({ ...(encoder as object), kind } as never, true).join(' ');
      const inEarnest = /-fpsmax.*?(?= -force_key_frames)/.exec(argumentsFor(encoder))?.[0] ?? 'none';
      expect(args).toContain(inEarnest);
    }
  });

  test('what is no encoder of this FFmpeg has no options', () => {
    expect(encoderOptions("Codec 'h264_qsv' is not recognized by FFmpeg.")).toBeUndefined();
    for (const ffmpeg of ['ffmpeg', installer.path]) {
      const { stdout } = spawnSync(ffmpeg, ['-hide_banner', '-h', 'encoder=h264_vaapi'], { encoding: 'utf8' });
      expect(encoderOptions(stdout)?.get('profile')).toContain('high');
    }
  });
});

/** Waits a fraction of the time. */
const impatient = (times: number): Clock => ({
  ...systemClock,
  sleep: (time, signal) => systemClock.sleep(milliseconds(time / times), signal),
});

/** FFmpeg with the fake, and what is wrong with it. */
async function tried(fault: string, clock = systemClock) {
  vi.stubEnv('FAULT', fault);
  vi.stubEnv('REAL_FFMPEG', installer.path);
  const ffmpeg: FfmpegProgram = { path: FAKE, version: '4.1', origin: 'a test', hasFpsMode: false };
  const { signal } = new AbortController();
  try {
    const { verdict } = await tryEncoder('vaapi', undefined, { ffmpeg, clock, signal });
    return verdict;
  } finally {
    vi.unstubAllEnvs();
  }
}

describe('a trial', { timeout: 30_000 }, () => {
  test('takes one that makes of each frame one, at once', async () => {
    expect(await tried('')).toEqual({ kind: 'fits' });
  });

  test('tells of one that holds frames back', async () => {
    const verdict = await tried('holds back', impatient(3));
    expect(verdict).toMatchObject({ kind: 'late' });
    expect(textOf(verdict)).toMatch(/^it holds back (a frame|[23] frames), so that pictures are later by as much$/);
  });

  test.each([
    ['is not there', /^it failed: No VA display found for device \/dev\/dri\/renderD128$/],
    ['fails at the tenth frame', /^it failed after 9 of 10 frames: Failed to end picture encode issue/],
    ['loses two frames', /^it makes 8 frames of 10$/],
    ['makes B frames', /^it makes B frames/],
    ['ignores forced keyframes', /^it makes no keyframe \(IDR\) where one is forced, at frame 6$/],
    ['gives no parameter sets', /^it gives no parameter sets/],
    ['hangs', /^it failed: it does not come to an end$/],
  ])('refuses one that %s, and says so', async (fault, reason) => {
    expect(await tried(fault, impatient(fault === 'hangs' ? 20 : 3))).toEqual({
      kind: 'unfit',
      reason: expect.stringMatching(reason) as string,
    });
  });

  test.each([
    ['the FFmpeg on PATH', 'ffmpeg'],
    ['the FFmpeg from npm', installer.path],
  ])('of what is not in this machine says why: %s', async (_, path) => {
    const ffmpeg: FfmpegProgram = { path, version: '', origin: '', hasFpsMode: path === 'ffmpeg' };
    const { signal } = new AbortController();
    for (const kind of HARDWARE) {
      const device = deviceFor(kind, kind === 'vaapi' ? '/dev/dri/not-there' : undefined);
      const { verdict } = await tryEncoder(kind, device, { ffmpeg, clock: systemClock, signal });
      expect(verdict.kind).toBe('unfit');
      expect(textOf(verdict)).toMatch(/^this FFmpeg has no |^it failed: (?!Conversion)\S/);
    }
  });
});

test('a keyframe that is no IDR picture is none', () => {
  const { config, frames } = recordedCamera();
  const asked = { count: frames.length, keyframes: [0], width: config.width, height: config.height };
  const made = { avcC: config.record, held: 0, failure: undefined };
  expect(verdictOf({ ...made, frames }, asked)).toEqual({ kind: 'fits' });
  const [first, second, ...others] = frames;
  const recoveryPoint = { ...second!, time: first!.time, keyframe: true };
  expect(verdictOf({ ...made, frames: [recoveryPoint, second!, ...others] }, asked)).toEqual({
    ...{ kind: 'unfit', reason: 'it makes no keyframe (IDR) where one is forced, at frame 1' },
  });
});

describe('the choice', () => {
  const wish = (encoder: Wish['encoder'], more: Partial<Wish> = {}): Wish => ({
    ...{ encoder, device: undefined, serverSideRepresentationSwitching: false },
    ...more,
  });
  const { signal } = new AbortController();
  const encoders = (fault: string, clock = systemClock): Encoders => {
    vi.stubEnv('FAULT', fault);
    vi.stubEnv('REAL_FFMPEG', installer.path);
    const ffmpeg: FfmpegProgram = { path: FAKE, version: '4.1', origin: 'a test', hasFpsMode: false };
    return new Encoders({ ffmpeg, clock, signal });
  };

  test('is software where nothing else is wished for, or may be', async () => {
    const none = encoders('hangs');
    expect(await none.choose(wish('software'))).toMatchObject({ encoder: SOFTWARE, found: [] });
    const switched = wish('auto', { serverSideRepresentationSwitching: true });
    expect(await none.choose(switched)).toMatchObject({ encoder: SOFTWARE, found: [] });
  });

  test('falls on the first that fits, each tried once', async () => {
    const all = encoders('');
    const [one, other] = await Promise.all([all.choose(wish('auto')), all.choose(wish('vaapi'))]);
    expect(one.encoder).toMatchObject({ kind: 'vaapi', device: '/dev/dri/renderD128' });
    expect(one.found).toEqual(['NVENC: this FFmpeg has no h264_nvenc', 'VAAPI: a frame out for each in, at once']);
    expect(other.encoder).toBe(one.encoder);
    expect(await all.choose(wish('auto', { device: '/dev/dri/renderD129' }))).toMatchObject({
      encoder: { device: '/dev/dri/renderD129' },
    });
  });

  test('of one that holds frames back is for whoever names it', async () => {
    const late = encoders('holds back', impatient(3));
    expect(await late.choose(wish('auto'))).toMatchObject({ encoder: SOFTWARE, instead: false });
    expect(await late.choose(wish('vaapi'))).toMatchObject({ encoder: { kind: 'vaapi' }, instead: false });
  }, 30_000);

  test('is software instead of one that is not there', async () => {
    const choice = await encoders('is not there').choose(wish('vaapi'));
    expect(choice).toMatchObject({ encoder: SOFTWARE, instead: true });
    expect(choice.found).toEqual([expect.stringMatching(/^VAAPI: it failed: No VA display/)]);
  });
});

describe('the encoder of a stream', () => {
  const choice: Choice = { encoder: encoderOf('vaapi'), found: ['VAAPI: fine'], instead: false };
  function streamEncoder(chosen = choice) {
    const told: string[] = [];
    const log = { info: (text: string) => told.push(text), warn: (text: string) => told.push(`! ${text}`) };
    const stream = streamWith({ encoder: 'auto' });
    const encoders = { choose: () => Promise.resolve(chosen) };
    return { told, encoder: new StreamEncoder({ stream, encoders, log: log as never }) };
  }

  test('is told of once', async () => {
    const { told, encoder } = streamEncoder();
    await encoder.ready();
    await encoder.ready();
    expect(encoder.current).toMatchObject({ kind: 'vaapi' });
    expect(told).toEqual(['front: encodes by VAAPI (/dev/dri/renderD128) (VAAPI: fine)']);
  });

  test('is software for good once it has failed, and that is told once', async () => {
    const { told, encoder } = streamEncoder();
    await encoder.ready();
    encoder.failed({ kind: 'clock', message: "this machine's clock was set" });
    expect(encoder.current).toMatchObject({ kind: 'vaapi' });
    encoder.failed({ kind: 'encoder', message: 'FFmpeg ended (exit code 1)' });
    encoder.failed({ kind: 'encoder', message: 'FFmpeg ended (exit code 1)' });
    await encoder.ready();
    expect(encoder.current).toBe(SOFTWARE);
    expect(told.slice(1)).toEqual([
      '! front: VAAPI (/dev/dri/renderD128) has failed, and software encodes from now on: FFmpeg ended (exit code 1)',
    ]);
  });

  test('that is not the one it was to be is a warning', async () => {
    const { told, encoder } = streamEncoder({ encoder: SOFTWARE, found: ['VAAPI: it failed'], instead: true });
    await encoder.ready();
    expect(told).toEqual(['! front: encodes in software (VAAPI: it failed)']);
  });
});

describe('a definition', () => {
  const problems = (more: object): string[] => {
    const [entry] = [
      {
        ...{ name: 'Front', stream: 'front', type: 'RTSP', input: 'rtsp://camera/' },
        qualities: { video: [{ targetWidth: 640, targetBitrate: 500 }] },
        ...more,
      },
    ];
    const { error } = streamsSchema.safeParse([entry]);
    return error?.issues.map(({ path, message }) => `${path.slice(1).join('.')}: ${message}`) ?? [];
  };

  test.each([
    [{ encoder: 'vaapi', device: '/dev/dri/by-path/pci-0000:00:02.0-render' }],
    [{ encoder: 'nvenc', device: '1' }],
    [{ encoder: 'auto', device: '/dev/dri/renderD128' }],
    [{ encoder: 'auto', serverSideRepresentationSwitching: true }],
  ])('may have %o', (more) => {
    expect(problems(more)).toEqual([]);
  });

  test.each<[object, RegExp]>([
    [{ encoder: 'vdpau' }, /^encoder: .*"software"\|"auto"\|"nvenc"\|"vaapi"/],
    [
      { encoder: 'vaapi', device: 'gpu0,x=y' },
      /^device: expected a path such as "\/dev\/dri\/renderD128" .*got "gpu0,x=y"$/,
    ],
    [{ encoder: 'nvenc', device: '/dev/dri/renderD128' }, /^device: expected the number of a GPU/],
    [{ device: '/dev/dri/renderD128' }, /^device: expected no device with "encoder": "software"/],
    [{ encoder: 'v4l2m2m', device: '/dev/video11' }, /^device: expected no device .* which finds its own/],
    [
      { encoder: 'qsv', serverSideRepresentationSwitching: true },
      /^encoder: expected "software" with serverSideRepresentationSwitching, got "qsv": its qualities need the same parameter sets/,
    ],
  ])('may not have %o', (more, problem) => {
    expect(problems(more)).toEqual([expect.stringMatching(problem)]);
  });
});
