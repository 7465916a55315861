/** What FFmpeg reads of a stream's definition, what of it anybody may see, and what becomes of FFmpeg's words. */
import { describe, expect, test } from 'vitest';
import { describe as describeStream } from '../../agent/camera/description.ts';
import { secretsOf } from '../../agent/config/credentials.ts';
import { configSchema, streamsSchema, type StreamConfig } from '../../agent/config/schema.ts';
import { ffmpegRun } from '../../agent/ffmpeg/arguments.ts';
import { failureOf } from '../../agent/ffmpeg/failure.ts';
import { parseInput } from '../../agent/ffmpeg/input.ts';
import { needsPacing, safeInputOptions, secretsOfInputOptions } from '../../agent/ffmpeg/input-options.ts';
import { Redactor } from '../../agent/redact/redactor.ts';
import { seconds } from '../../protocol/units.ts';

const entry = (more: object): object => ({
  ...{ name: 'Yard', stream: 'yard', type: 'FFMPEG', targetFps: 25 },
  qualities: { video: [{ targetWidth: 640, targetBitrate: 500 }] },
  ...more,
});
const streamWith = (more: object): StreamConfig => streamsSchema.parse([entry(more)])[0]!;
const argumentsOf = (more: object): string =>
  ffmpegRun(streamWith(more), { now: seconds(1_795_341_600), hasFpsMode: true }).args.join(' ');

describe('FFmpeg is told', () => {
  test('of a device what its options say, and that pictures count when they come', () => {
    const args = argumentsOf({ input: '/dev/video0', inputOptions: ['-f', 'v4l2', '-video_size', '1280x720'] });
    expect(args).toContain(
      ' -threads 1 -analyzeduration 1000000 -fpsprobesize 0 -f v4l2 -video_size 1280x720 -i /dev/video0 -filter_complex',
    );
    expect(args).toContain("[0:v:0]settb=1/90000,setpts='RTCTIME/(1000000*TB)',select=");
    expect(args).not.toMatch(/ -re |low_delay|wallclock/);
  });

  test('of a file to read it no faster than it plays', () => {
    const args = argumentsOf({ input: 'garden.mp4', inputOptions: ['-stream_loop', '-1'] });
    expect(args).toContain('-fpsprobesize 0 -re -stream_loop -1 -i garden.mp4 ');
  });

  test('of texts for a shell just these texts', () => {
    const input = '$(reboot); `id` "&&" *';
    const { args } = ffmpegRun(streamWith({ input }), { now: seconds(1_795_341_600), hasFpsMode: true });
    expect(args[args.indexOf('-i') + 1]).toBe(input);
  });
});

test.each<[input: string, options: string[], expected: boolean]>([
  ['garden.mp4', [], true],
  ['file:garden.mp4', ['-stream_loop', '-1'], true],
  ['C:\\garden.mp4', [], true],
  ['concat:a.ts|b.ts', [], true],
  ['testsrc2', ['-f', 'lavfi'], true],
  ['testsrc2,realtime', ['-f', 'lavfi'], false],
  ['garden.mp4', ['-re'], false],
  ['garden.mp4', ['-readrate', '1'], false],
  ['/dev/video0', [], false],
  ['video=Webcam', ['-f', 'dshow'], false],
  [':0.0', ['-f', 'x11grab'], false],
  ['http://camera/video.mjpg', [], false],
  ['udp://239.0.0.1:1234', [], false],
  ['rtmp://0.0.0.0/live/key', ['-listen', '1'], false],
  ['srt://host:9000', [], false],
])('%s with %j is paced here: %s', (input, options, expected) => {
  expect(needsPacing(input, options)).toBe(expected);
});

describe('what anybody may see', () => {
  test.each([
    ['/dev/video0', '/dev/video0'],
    ['garden at night.mp4', 'garden at night.mp4'],
    ['http://admin:Sesame99@camera:8080/mjpeg', 'http://camera:8080/mjpeg'],
    ['http://camera/mjpeg?channel=1&auth=abc', 'http://camera/mjpeg?channel=1&auth=•••'],
    ['srt://host:9000?mode=caller&passphrase=0123456789', 'srt://host:9000?mode=caller&passphrase=•••'],
    ['rtmp://host/live/stream-key', 'rtmp://host/live/•••'],
    ['rtmp://host/live playpath=stream-key pubPasswd=x', 'rtmp://host/live •••'],
    ['http://host/path/p@ss', 'http://host/•••'],
    ['concat:http://admin:pw@host/a|http://host/b', 'concat:http://•••'],
  ])('of %s is %s', (text, safe) => {
    expect(parseInput(text)).toMatchObject({ text, safe });
  });

  test.each([
    [['-f', 'v4l2', '-framerate', '25', '-video_size', '1280x720', '-input_format', 'mjpeg'], undefined],
    [['-stream_loop', '-1', '-ss', '00:01:00', '-c:v', 'h264_v4l2m2m'], undefined],
    [
      ['-headers', 'Authorization: Bearer abcdef123'],
      ['-headers', '•••'],
    ],
    [
      ['-re', '-cookies', 'session=abcdef123; path=/'],
      ['-re', '-cookies', '•••'],
    ],
    [
      ['-passphrase', '0123456789'],
      ['-passphrase', '•••'],
    ],
    [
      ['-passphrase', '1234'],
      ['-passphrase', '•••'],
    ],
    [
      ['-decryption_key', 'c0ffee'],
      ['-decryption_key', '•••'],
    ],
    [
      ['-whatever_comes', 'abcdef123'],
      ['-whatever_comes', '•••'],
    ],
    [
      ['-http_proxy', 'http://me:pw@proxy'],
      ['-http_proxy', '•••'],
    ],
  ])('of %j is what is known to be harmless', (options, safe) => {
    expect(safeInputOptions(options)).toEqual(safe ?? options);
  });

  test('holds nothing secret of a definition, in the log and at the edge', () => {
    const basic = Buffer.from('admin:Sesame99').toString('base64');
    const stream = streamWith({
      input: 'http://user:p%40ssw0rd@camera/mjpeg?key=querysecret',
      inputOptions: ['-headers', `Authorization: Basic ${basic}\r\nX-Key: headersecret`, '-cookies', 'id=cookiesecret'],
    });
    const config = configSchema.parse({ host: 'h', port: 1, streams: 's', secret: 'a secret of some length' });
    const redactor = new Redactor();
    redactor.add(...secretsOf({ ...config, streams: [stream], ignored: [] }, {}));
    const secrets = ['p%40ssw0rd', 'p@ssw0rd', 'querysecret', basic, 'Sesame99', 'headersecret', 'cookiesecret'];
    for (const secret of secrets) {
      expect(redactor.redact(`FFmpeg says: ${secret} and more`)).toBe('FFmpeg says: ••• and more');
    }
    const { definition = '' } = describeStream(stream, []);
    expect(secrets.filter((secret) => definition.includes(secret))).toEqual([]);
    expect(JSON.parse(definition)).toMatchObject({
      input: 'http://camera/mjpeg?key=•••',
      inputOptions: ['-headers', '•••', '-cookies', '•••'],
    });
    expect(secretsOfInputOptions(['-f', 'v4l2', '-framerate', '25'])).toEqual([]);
  });
});

describe('a definition is refused, without a word of what may be a password,', () => {
  const problems = (more: object): string[] => {
    const { error } = streamsSchema.safeParse([entry(more)]);
    return error?.issues.map(({ path, message }) => `${path.slice(1).join('.')}: ${message}`) ?? [];
  };

  test.each<[object, RegExp]>([
    [{}, /^input: expected what FFmpeg is to read: a URL, a file or a device, got nothing$/],
    [{ input: '' }, /^input: expected what FFmpeg is to read: .*, got nothing$/],
    [{ input: 7 }, /^input: expected what FFmpeg is to read: .*, got 7$/],
    [{ input: 'http://admin:pass/word@camera/' }, /^input: expected a URL with "\/", .* written as %2F/],
    [{ input: 'a\nb' }, /^input: expected no line breaks/],
    [{ input: 'a', inputOptions: '-f v4l2' }, /^inputOptions: expected an array of texts such as/],
    [{ input: 'a', inputOptions: ['-framerate', 25] }, /^inputOptions.1: expected a text such as "-f", got 25$/],
    [{ input: 'a', inputOptions: ['v4l2', '-f'] }, /^inputOptions: expected an option such as "-f" to begin with/],
    [{ input: 'a', inputOptions: ['-f', 'v4l2', '-i', 'b'] }, /^inputOptions: expected options alone, got "-i"/],
    [
      { input: 'a', qualities: { video: [{ copy: true }] } },
      /^qualities.video.0.copy: expected a camera to copy from, got "type": "FFMPEG"$/,
    ],
  ])('of %o', (more, problem) => {
    expect(problems(more)).toEqual([expect.stringMatching(problem)]);
    expect(problems(more).join()).not.toMatch(/pass\/|word@/);
  });
});

describe("FFmpeg's words", () => {
  test.each([
    ["Unrecognized option 'framerat'.", 'other', 'FFmpeg knows no option "-framerat" for this: check "inputOptions"'],
    ['Option framerat not found.', 'other', 'FFmpeg knows no option "-framerat" for this: check "inputOptions"'],
    ["Unknown input format: 'v4l3'", 'other', 'FFmpeg knows no format "v4l3": check "-f" in "inputOptions"'],
    [
      'Error setting option probesize to value s3cret.',
      ...(['other', 'FFmpeg can\'t use the value of "-probesize": check "inputOptions"'] as const),
    ],
    ['/dev/video0: Device or resource busy', 'busy', 'another program uses the device in "input"'],
    ['/dev/video7: No such file or directory', 'absent', 'there is no such file or device: check "input"'],
    ['/dev/video0: Permission denied', 'other', 'Fast-ll may not open it: check who may read what "input" names'],
    ['htp://x: Protocol not found', 'unusable', 'FFmpeg knows no such protocol: check how "input" begins'],
    [
      'notes.txt: Invalid data found when processing input',
      ...(['unusable', 'it is nothing that FFmpeg can read: check "input", and "-f" in "inputOptions"'] as const),
    ],
    [
      'tcp://127.0.0.1:9: Connection refused',
      ...(['unreachable', 'the camera refuses the connection: check the address and port in "input"'] as const),
    ],
    [
      'rtmp://127.0.0.1/live/key: Connection reset by peer',
      ...(['unreachable', 'the connection was ended from the other side'] as const),
    ],
  ])('%s', (line, kind, message) => {
    expect(failureOf([`[error] ${line}`], 'exit code 1')).toEqual({ kind, message });
  });

  test('of a frame that can not be decoded are no reason', () => {
    const lines = ['[error] Error while decoding stream #0:0: Invalid data found when processing input'];
    expect(failureOf([...lines, '[error] The chip is gone.'], 'exit code 1')).toEqual({
      ...{ kind: 'encoder', message: 'FFmpeg ended (exit code 1): The chip is gone' },
    });
  });

  test('at the end of what there is are none of its own', () => {
    expect(failureOf(['[warning] deprecated pixel format'], 'exit code 0')).toMatchObject({ kind: 'ended' });
  });
});
