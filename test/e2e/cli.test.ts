/** The command line, and what it says to somebody who got something wrong: one line each, never a stack. */
import { chmod } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import packageJson from '../../package.json' with { type: 'json' };
import { readToken } from '../../protocol/token.ts';
import { seconds } from '../../protocol/units.ts';
import { TEST_SECRET } from '../secret.ts';
import { folderWith, runFastLl } from './support/fast-ll.ts';
import { camera, generated } from './support/streams.ts';

const STACK = /^ {4}at /m;

async function expectRun(
  args: readonly string[],
  expected: { readonly exitCode: number; readonly stdout?: RegExp; readonly stderr?: RegExp },
  environment = {},
): Promise<string> {
  const { exitCode, stdout, stderr } = await runFastLl(args, { environment });
  expect(stdout).toMatch(expected.stdout ?? /^$/);
  expect(stderr).toMatch(expected.stderr ?? /^$/);
  expect(stdout + stderr).not.toMatch(STACK);
  expect(exitCode).toBe(expected.exitCode);
  return stdout;
}

describe.concurrent('asked for help', () => {
  test('--help names the commands', async () => {
    await expectRun(['--help'], { exitCode: 0, stdout: /^Usage: fast-ll .* run .* demo .* edge .* token .* cost /s });
  });

  test.for(['run', 'demo', 'edge', 'token', 'cost'])('%s --help names its options', async (command) => {
    await expectRun([command, '--help'], {
      exitCode: 0,
      stdout: new RegExp(`^Usage: fast-ll ${command} .*--help`, 's'),
    });
  });

  test('--version says the version', async () => {
    await expectRun(['--version'], { exitCode: 0, stdout: new RegExp(`^${packageJson.version}\\n$`) });
  });
});

describe.concurrent('a command line that cannot be understood', () => {
  test.for<[args: string, stderr: RegExp]>([
    ['', /required option '-c, --config <file>' not specified/],
    ['demo --port http', /option '--port <number>' argument 'http' is invalid\. expected 0 to 65535/],
    ['demo --prot 8000', /unknown option '--prot'\n\(Did you mean --port\?\)/],
    ['cost --cameras 4', /required option '--viewers <number>' not specified/],
    ['cost --cameras 1.5 --viewers 2', /argument '1\.5' is invalid\. expected a whole number, 1 to 1000000/],
    ['cost --cameras 1 --viewers 2 --hours 25', /argument '25' is invalid\. expected 0 to 24/],
    ['edge --playback mine', /argument 'mine' is invalid\. Allowed choices are open, token/],
    ['edge --secret short', /^fast-ll: --secret: expected at least 16 characters, got 5\n$/],
    ['edge --secert=hunter2hunter2hunter2', /^error: unknown option '--secert=•••'/],
    ['-c /nowhere/config.json', /^fast-ll: \/nowhere\/config\.json: there is no such file\n$/],
    ['-c /', /^fast-ll: \/: it is a folder\n$/],
  ])('fast-ll %s', async ([args, stderr]) => {
    const parts = args.split(' ').filter((part) => part !== '');
    await expectRun(parts, { exitCode: 2, stderr });
  });
});

describe.concurrent('a token', () => {
  const secret = { FASTLL_SECRET: TEST_SECRET };

  test.for(['play', 'publish'] as const)('to %s a stream is one that the edge takes', async (scope) => {
    const args = ['token', `--${scope}`, '--stream', 'front', '--expires', '15m'];
    const now = seconds(Date.now() / 1000);
    const stdout = await expectRun(args, { exitCode: 0, stdout: /^\S+\n$/ }, secret);
    const claims = await readToken(stdout.trim(), TEST_SECRET, now);
    expect(claims).toMatchObject({ sub: 'front', scope });
    expect(Math.abs(claims!.exp - now - 15 * 60)).toBeLessThan(30);
    expect(await readToken(stdout.trim(), `not ${TEST_SECRET}`, now)).toBeUndefined();
    expect(await readToken(stdout.trim(), TEST_SECRET, seconds(now + 16 * 60))).toBeUndefined();
  });

  test('for all streams', async () => {
    const stdout = await expectRun(['token', '--play', '--stream', '*'], { exitCode: 0, stdout: /./ }, secret);
    expect(await readToken(stdout.trim(), TEST_SECRET, seconds(Date.now() / 1000))).toMatchObject({ sub: '*' });
  });

  test.for<[args: string, environment: object, stderr: RegExp]>([
    ['--stream front', secret, /expected either --play or --publish/],
    ['--stream front --play --publish', secret, /expected either --play or --publish/],
    ['--stream front --play', {}, /expected the edge's secret in FASTLL_SECRET or --secret/],
    ['--stream front --play', { FASTLL_SECRET: 'short' }, /FASTLL_SECRET: expected at least 16 characters, got 5/],
    ['--stream front-door --play', secret, /--stream: expected a stream's name, or "\*" for all, got "front-door"/],
    ['--stream front --play --expires 5y', secret, /expected a duration like 90s, 15m, 1h or 30d, got "5y"/],
  ])('not from: token %s, with %o', async ([args, environment, stderr]) => {
    const whole = new RegExp(`^fast-ll: ${stderr.source}\\n$`);
    await expectRun(['token', ...args.split(' ')], { exitCode: 2, stderr: whole }, environment);
  });
});

describe.concurrent('what a deployment costs', () => {
  const args = ['cost', '--cameras', '4', '--viewers', '20', '--hours', '6', '--time-shift', '4'];

  test('is a table for people', async () => {
    const stdout = await expectRun(args, {
      exitCode: 0,
      stdout: /^4 cameras \(on while watched\), 20 viewers 6 h a day\n/,
    });
    expect(stdout).toMatch(/^Cloudflare, with FAN_OUT = +direct +cache$/m);
    expect(stdout).toMatch(/^a month +\$[\d,.]+ +\$[\d,.]+$/m);
  });

  test('is one JSON document for machines', async () => {
    const stdout = await expectRun([...args, '--json'], { exitCode: 0, stdout: /^\{/ });
    const { deployment, direct, cache } = JSON.parse(stdout);
    expect(deployment).toMatchObject({ cameras: 4, viewers: 20, hours: 6, segmentDuration: 1, timeShift: 4 });
    expect(direct.dollarsPerMonth).toBeGreaterThan(5);
    expect(direct.viewersPerCamera).toBe(1000);
    // Any number.
    expect(cache.viewersPerCamera).toBeNull();
  });
});

describe.concurrent('a configuration with a mistake', () => {
  const CONFIG = { host: '127.0.0.1', port: 8000, streams: 'streams.json' };
  const STREAM = generated('front');
  const quality = (more: object): object => ({
    qualities: { video: [{ targetWidth: '320', targetBitrate: '200', ...more }] },
  });
  /** Of a password that must not be told. */
  const PASSWORD = 'Gu3ss!w@rd';
  const WRAPPED_TOKEN = 'eyJhbGciOiJIUz\nI1NiJ9.eyJzdW';

  interface Mistake {
    readonly config?: unknown;
    readonly streams?: unknown;
    /** The whole message, after the file's name. */
    readonly says: string;
    /** Default: the file with the mistake in it. */
    readonly file?: string;
  }

  const mistakes: Readonly<Record<string, Mistake>> = {
    'no host': { config: { ...CONFIG, host: undefined }, says: 'host: is missing' },
    'a host that is a number': { config: { ...CONFIG, host: 5 }, says: 'host: expected string, got 5' },
    'a port in words': {
      config: { ...CONFIG, port: 'http' },
      says: 'port: expected a number, or one as a string, got "http"',
    },
    'a port too high': { config: { ...CONFIG, port: '70000' }, says: 'port: expected 0 to 65535 as a port, got 70000' },
    'no streams': { config: { ...CONFIG, streams: undefined }, says: 'streams: is missing' },
    "a streams' file that is not there": {
      config: { ...CONFIG, streams: 'nowhere.json' },
      says: 'there is no such file',
      file: 'nowhere.json',
    },
    'a comma too many': {
      config: '{\n  "host": "127.0.0.1",\n  "port": 8000,\n}\n',
      says: 'expected JSON: Expected double-quoted property name (line 4, column 1)',
    },
    'a comma too few': {
      streams: '[\n  {\n    "name": "Front"\n    "stream": "front"\n  }\n]\n',
      says: "expected JSON: Expected ',' or '}' after property value (line 4, column 5)",
    },
    'an umlaut in Latin-1': {
      streams: Buffer.from('[{ "name": "Tür" }]', 'latin1'),
      says: 'expected text in UTF-8, got a byte that is none (line 1, column 14), as in Latin-1 or Windows-1252: save it as UTF-8',
    },
    'nothing in it': { config: '', says: 'expected JSON, got an empty file' },
    'a list for an object': { config: [], says: 'expected object, got []' },
    'an object for a list': { streams: {}, says: 'expected array, got {}' },
    'an empty list of streams': { streams: [], says: 'expected at least 1 of them, got 0' },
    'a flag in words': {
      config: { ...CONFIG, verbose: 'yes' },
      says: 'verbose: expected true or false, got "yes"',
    },
    'a key without its certificate': {
      config: { ...CONFIG, sslKeyFile: 'cert.key' },
      says: 'sslCertFile: is missing: both are needed for HTTPS',
    },
    'a secret too short': {
      config: { ...CONFIG, secret: 'short' },
      says: 'secret: expected at least 16 characters, got 5',
    },
    'an edge that is no URL': {
      config: { streams: 'streams.json', edge: 'live' },
      says: 'edge: expected a URL like https://live.example.com, got "live"',
    },
    'an edge with a password': {
      config: { streams: 'streams.json', edge: `https://admin:${PASSWORD}@live.example.com` },
      says: 'edge: expected a URL without user name, password, query and fragment: who publishes is told by "token"',
    },
    'an edge with a token in it': {
      config: { streams: 'streams.json', edge: 'https://live.example.com/?token=abc' },
      says: 'edge: expected a URL without user name, password, query and fragment: who publishes is told by "token"',
    },
    'a token where the edge belongs': {
      config: { streams: 'streams.json', edge: WRAPPED_TOKEN },
      says: 'edge: expected a URL like https://live.example.com, got a text of 28 characters',
    },
    'a token that was wrapped': {
      config: { streams: 'streams.json', edge: 'https://live.example.com', token: WRAPPED_TOKEN },
      says: 'token: expected a token as "fast-ll token" prints it, got a line break as character 15 of 28',
    },
    'a token with what no header may hold': {
      config: { streams: 'streams.json', edge: 'https://live.example.com', token: 'eyJ\u2026' },
      says: 'token: expected a token as "fast-ll token" prints it, got U+2026 as character 4 of 4',
    },
    'a token of white space': {
      config: { streams: 'streams.json', edge: 'https://live.example.com', token: ' \n' },
      says: 'token: expected a token as "fast-ll token" prints it, got nothing',
    },
    'a secret with a line break': {
      config: { ...CONFIG, secret: 'sixteen letters\nor more' },
      says: 'secret: expected no line breaks or other control characters, got a line break as character 16 of 23',
    },
    'an unknown type': {
      streams: [{ ...STREAM, type: 'FILE' }],
      says: '[0].type: expected "GEN" or "RTSP", got "FILE"',
    },
    'a camera without input': { streams: [camera('front', '')].map(withoutInput), says: '[0].input: is missing' },
    'an input that is no RTSP URL': {
      streams: [STREAM, camera('back', `http://admin:${PASSWORD}@192.168.0.89/live`)],
      says: '[1].input: expected a URL that begins with rtsp:// or rtsps://, with user:password@ before the host if the camera wants them',
    },
    'an odd width': {
      streams: [{ ...STREAM, ...quality({ targetWidth: '321' }) }],
      says: '[0].qualities.video[0].targetWidth: expected an even number of pixels, got 321',
    },
    'a quality without bitrate': {
      streams: [{ ...STREAM, ...quality({ targetBitrate: undefined }) }],
      says: '[0].qualities.video[0].targetBitrate: is missing',
    },
    'no qualities': { streams: [{ ...STREAM, qualities: undefined }], says: '[0].qualities: is missing' },
    'an empty list of qualities': {
      streams: [{ ...STREAM, qualities: { video: [] } }],
      says: '[0].qualities.video: expected at least 1 of them, got 0',
    },
    'two streams of one name': {
      streams: [STREAM, STREAM],
      says: '[1].stream: expected a name of its own, got "front", which [0] has',
    },
    'a stream with a dash in its name': {
      streams: [generated('front-door')],
      says: '[0].stream: expected a stream name: 1 to 64 of A-Z a-z 0-9 _ . ~ (no "-"), not starting with "." or "~", and none of api, assets, conf, isotime, ssss, version; got "front-door"',
    },
    'a comma for a decimal point': {
      streams: [{ ...STREAM, fragmentDuration: '0,1' }],
      says: '[0].fragmentDuration: expected a number, or one as a string, got "0,1"',
    },
    'fragments longer than segments': {
      streams: [{ ...STREAM, fragmentDuration: '2', segmentDuration: '1' }],
      says: '[0].fragmentDuration: expected no more than segmentDuration, 1, got 2',
    },
  };

  test.for(Object.entries(mistakes))('%s', async ([, { config = CONFIG, streams = [STREAM], says, file }]) => {
    await using files = await folderWith({ 'config.json': config, 'streams.json': streams });
    const wrong = files.path(file ?? (config === CONFIG ? 'streams.json' : 'config.json'));
    const { exitCode, stdout, stderr } = await runFastLl(['-c', files.path('config.json')]);
    expect(stderr).toBe(`fast-ll: ${wrong}: ${says}\n`);
    expect(stdout).toBe('');
    expect(exitCode).toBe(2);
  });

  test('all of its mistakes are told, a line each', async () => {
    const streams = [generated('front', { targetFps: '1000', segmentDuration: 'long' }), camera('back', 'nothing')];
    await using files = await folderWith({ 'config.json': CONFIG, 'streams.json': streams });
    const { exitCode, stderr } = await runFastLl(['-c', files.path('config.json')]);
    expect(stderr).toContain('[0].targetFps: expected 1 to 120 frames per second, got 1000\n');
    expect(stderr).toContain('[0].segmentDuration: expected a number, or one as a string, got "long"\n');
    expect(stderr).toContain('[1].input: expected a URL that begins with rtsp://');
    expect(stderr).not.toMatch(STACK);
    expect(exitCode).toBe(2);
  });

  function withoutInput(stream: object): object {
    return { ...stream, input: undefined };
  }
});

describe.concurrent('a secret or token from outside the configuration', () => {
  test.for(['edge', 'token --play --stream front'])('is looked at as one of the command line: %s', async (command) => {
    const args = [...command.split(' '), '--secret', 'sixteen letters\u0007 or more'];
    const { exitCode, stdout, stderr } = await runFastLl(args);
    expect(stdout + stderr).toBe(
      'fast-ll: --secret: expected no line breaks or other control characters, got U+0007 as character 16 of 24\n',
    );
    expect(exitCode).toBe(2);
  });

  test.for<[what: string, token: string, got: string]>([
    ['wrapped', 'eyJhbGciOiJIUz\r\nI1NiJ9', 'a line break as character 15 of 22'],
    ['pasted with its header', 'Bearer eyJhbGciOiJIUz', 'a space as character 7 of 21'],
    ['empty', '', 'nothing'],
  ])('is looked at in FASTLL_TOKEN: %s', async ([, token, got]) => {
    await using files = await folderWith({
      'config.json': { edge: 'http://127.0.0.1:1', streams: 'streams.json' },
      'streams.json': [generated('front')],
    });
    for (const command of ['run', 'check']) {
      const { exitCode, stderr } = await runFastLl([command, '-c', files.path('config.json')], {
        environment: { FASTLL_TOKEN: token },
      });
      expect(stderr).toBe(`fast-ll: FASTLL_TOKEN: expected a token as "fast-ll token" prints it, got ${got}\n`);
      expect(exitCode).toBe(2);
    }
  });
});

describe.concurrent('an FFmpeg that is none', () => {
  test.for<[what: string, content: string, says: RegExp]>([
    ['says nothing', '#!/bin/sh\n', /is not FFmpeg: it does not tell its version\n$/],
    ['fails', '#!/bin/sh\nexit 3\n', /does not run: Command failed with exit code 3/],
    ['is too old', `#!/bin/sh\n${version('3.4.8', '55. 78.100')}\n`, /is too old: expected 4\.1 or newer\n$/],
    ['has no x264', `#!/bin/sh\n${version('7.1', '59. 39.100')}\n`, /has no libx264: expected one built with it\n$/],
  ])('because it %s', async ([, content, says]) => {
    await using files = await folderWith({ ffmpeg: content });
    const ffmpeg = files.path('ffmpeg');
    await chmod(ffmpeg, 0o755);
    const stderr = new RegExp(`^fast-ll: .*${ffmpeg} \\(named by FFMPEG_PATH\\) ${says.source}`);
    await expectRun(['demo', '--port', '0'], { exitCode: 1, stderr }, { FFMPEG_PATH: ffmpeg });
  });

  test('because it is not there', async () => {
    await expectRun(
      ['demo', '--port', '0'],
      {
        exitCode: 1,
        stderr: /^fast-ll: FFmpeg at \/nowhere\/ffmpeg \(named by FFMPEG_PATH\) does not run: .*ENOENT.*\n$/,
      },
      { FFMPEG_PATH: '/nowhere/ffmpeg' },
    );
  });

  function version(name: string, libavutil: string): string {
    return `echo 'ffmpeg version ${name} Copyright (c) the FFmpeg developers'; echo 'libavutil ${libavutil} / ${libavutil}'`;
  }
});
