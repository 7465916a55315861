import { describe, expect, it, test } from 'vitest';
import { failureOf } from '../../agent/ffmpeg/failure.ts';
import { Redactor } from '../../agent/redact/redactor.ts';

test('what it was told of, and what looks like credentials, is masked', () => {
  const redactor = new Redactor();
  redactor.add('Admin!!!', undefined, '');
  expect(redactor.redact('password Admin!!! at rtsp://user:other@camera/live?token=abc&fps=1')).toBe(
    'password ••• at rtsp://•••@camera/live?token=•••&fps=1',
  );
  expect(redactor.redact('Authorization: Bearer eyJ.abc-_')).toBe('Authorization: Bearer •••');
});

test('is masked however it is written', () => {
  const redactor = new Redactor();
  redactor.add('p@ss w%rd', 'admin:p@ss w%rd');
  const basic = Buffer.from('admin:p@ss w%rd').toString('base64');
  expect(redactor.redact(`p@ss w%rd p%40ss%20w%25rd Basic ${basic}`)).toBe('••• ••• Basic •••');
  // Half of an emoji, as JSON may hold it, is no reason to fail.
  redactor.add('half \ud83d of one');
  expect(redactor.redact('eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIqIn0.abc-_ rtsp://a:b/c@d/e')).toBe('••• rtsp://•••@d/e');
  expect(redactor.redact('rtsp://cam/user=a_password=b_c_channel=1?pwd=x&stream=0')).toBe(
    'rtsp://cam/user=•••_password=•••_channel=1?pwd=•••&stream=0',
  );
});

test.for<[name: string]>([
  ...['jwt', 'apikey', 'authToken', 'passcode', 'X-Amz-Signature', 'sid', 'q', 'Kennwort', 'user', 'profile'].map(
    (name): [string] => [name],
  ),
])('a value of a query is secret unless it is known to be harmless: %s', ([name]) => {
  const redactor = new Redactor();
  const value = 'Zm9v-0123456789_abcdef';
  expect(redactor.redact(`[error] rtsp://cam/live?channel=1&${name}=${value}&subtype=0: not found`)).toBe(
    `[error] rtsp://cam/live?channel=1&${name}=•••&subtype=0: not found`,
  );
  expect(redactor.redact(`GET /live?${name}=${value}`)).toBe(`GET /live?${name}=•••`);
});

test.for([
  'rtsp://cam/cam/realmonitor?channel=1&subtype=0&unicast=true&proto=Onvif',
  'rtsp://cam/Streaming/Channels/101?transportmode=unicast&profile=Profile_1',
  'rtsp://cam/axis-media/media.amp?videocodec=h264&resolution=640x480&fps=25',
  'rtsp://cam:7447/live?enableSrtp',
  'front: live, 1280×720; who? you: a/b=c, key_frames=5, 127.0.0.1:8554',
  "[graph] drawtext=fontfile=/a/b.ttf:text='%{pts}':x=(w-text_w)/2",
])('what is harmless stays readable: %s', (text) => expect(new Redactor().redact(text)).toBe(text));

describe('a short password', () => {
  const redactor = new Redactor();
  redactor.add('8554', '12', 'abc', 'admin2:8554');

  it('is masked where it stands by itself', () => {
    expect(redactor.redact('password 8554, or abc; admin2:8554 rtsp://u:12@c/')).toBe(
      'password •••, or •••; ••• rtsp://•••@c/',
    );
  });

  it('does not show by what is left out around it', () => {
    const text = 'segment 179855412 at 127.0.0.1:8554 after 12 s, 8554.5 kbit/s, abcdef';
    expect(redactor.redact(text)).toBe(text);
  });

  it('leaves figures alone', () => {
    const status = { time: 1_798_554_000, cameras: [{ kbps: 8554, detail: 'no 8554', at: new URL('http://a:b@c/') }] };
    expect(redactor.clean(status)).toEqual({
      time: 1_798_554_000,
      cameras: [{ kbps: 8554, detail: 'no •••', at: 'http://•••@c/' }],
    });
  });
});

test('an error is masked with its stack', () => {
  const redactor = new Redactor();
  redactor.add('s3cret/word');
  const cleaned = JSON.stringify(redactor.clean({ err: new TypeError('invalid header: Bearer s3cret/word') }));
  expect(cleaned).toContain('invalid header: Bearer •••');
  expect(cleaned).toContain('"type":"TypeError"');
  expect(cleaned).not.toContain('s3cret');
});

test.for<[what: string, unit: string]>([
  ['words', 'a.'],
  ['schemes', 'a://'],
  ['schemes without an end', 'a-'],
  ['addresses', 'a://b:c@d/?e=f&'],
  ['an @ that never comes', 'rtsp://a:b'],
  ['tokens', 'eyJ-'],
  ['halves of tokens', 'eyJ.a-'],
  ['separators', '_password='],
  ['parameters', '?a='],
  ['bearers', 'Bearer '],
  ['headers', 'authorization: a'],
  ['spaces', '          '],
  ['quotes', '"\\'],
  ['almost the secret', '12345'],
])('a line without end takes time in proportion: %s', ([, unit]) => {
  const redactor = new Redactor();
  redactor.add('123456', 'another s3cret');
  const line = unit.repeat(500_000 / unit.length);
  const start = performance.now();
  redactor.redact(line);
  expect(performance.now() - start).toBeLessThan(1000);
});

test('what FFmpeg says of a camera goes to the edge without its URL', () => {
  const lines = [
    '[rtsp @ 0x1] [error] nothing known',
    '[error] rtsp://admin:p%40ss@cam:554/live?a=b: Invalid data found',
  ];
  expect(failureOf(lines, 'exit code 1').message).toBe('FFmpeg ended (exit code 1): its URL: Invalid data found');
});

test('a line of JSON stays one', () => {
  const redactor = new Redactor();
  redactor.add('quo"te');
  const line = JSON.stringify({ msg: 'expected "?token=…" of quo"te at http://a:b@c/ or "x://y@"' });
  expect(JSON.parse(redactor.redact(line))).toEqual({
    msg: 'expected "?token=•••" of ••• at http://•••@c/ or "x://•••@"',
  });
});
