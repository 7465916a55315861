import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { parseCameraUrl, type CameraUrl } from '../../../agent/rtsp/camera-url.ts';

function parsed(text: string): CameraUrl {
  const url = parseCameraUrl(text);
  if ('problem' in url) throw new Error(url.problem);
  return url;
}

test('a camera is asked for what was typed, less the credentials', () => {
  expect(parsed('RTSP://admin:p%40ss@Cam-1.local/Streaming/Channels/101?transportmode=unicast&x=a%20b')).toMatchObject({
    scheme: 'rtsp',
    host: 'Cam-1.local',
    port: 554,
    credentials: { user: 'admin', password: 'p@ss' },
    request: 'rtsp://Cam-1.local/Streaming/Channels/101?transportmode=unicast&x=a%20b',
    href: 'rtsp://admin:p%40ss@Cam-1.local/Streaming/Channels/101?transportmode=unicast&x=a%20b',
    safe: 'rtsp://Cam-1.local/Streaming/Channels/101?transportmode=unicast&x=•••',
  });
});

test.for<[text: string, host: string, port: number]>([
  ['rtsp://cam', 'cam', 554],
  ['rtsps://cam/live', 'cam', 322],
  ['rtsp://[fe80::1]:8554/live', 'fe80::1', 8554],
  ['rtsp://192.168.1.10:10554/tcp/av0_0', '192.168.1.10', 10_554],
  ['rtsp://cam?stream=0', 'cam', 554],
])('%s leads to %s, port %d', ([text, host, port]) => expect(parsed(text)).toMatchObject({ host, port }));

test.for([
  'http://cam/',
  'rtsp:/cam/',
  'rtsp://',
  'rtsp://:554/',
  'rtsp://cam:0/',
  'rtsp://cam:70000/',
  'rtsp://cam/a b',
  'rtsp://cam/a\r\nX: y',
])('%j is no URL of a camera', (text) => {
  const url = parseCameraUrl(text);
  expect(url).toEqual({ problem: expect.stringContaining('expected a URL that begins with rtsp://') as string });
});

describe('an `@` behind the host', () => {
  it.for<[text: string, expected: Partial<CameraUrl>]>([
    [
      'rtsp://host/user=a&password=p@ss',
      { host: 'host', credentials: undefined, request: 'rtsp://host/user=a&password=p@ss', safe: 'rtsp://host/•••' },
    ],
    [
      'rtsp://cam.local:554/user=a&password=p@ss&channel=1',
      { host: 'cam.local', port: 554, safe: 'rtsp://cam.local:554/•••' },
    ],
    ['rtsp://10.0.0.5:554/live@main', { host: '10.0.0.5', credentials: undefined }],
    ['rtsp://admin:p@10.0.0.5/live@main', { host: '10.0.0.5', credentials: { user: 'admin', password: 'p' } }],
    ['rtsp://admin:p@ss/w@10.0.0.5/live', { host: '10.0.0.5', credentials: { user: 'admin', password: 'p@ss/w' } }],
    ['rtsp://admin:12/w@10.0.0.5', { host: '10.0.0.5', credentials: { user: 'admin', password: '12/w' } }],
    ['rtsp://admin:p/w?@cam/live', { host: 'cam', credentials: { user: 'admin', password: 'p/w?' } }],
  ])('is decided for %s', ([text, expected]) => expect(parsed(text)).toMatchObject(expected));

  it.for([
    'rtsp://admin:p@ss/w@host',
    'rtsp://admin:12/w@host',
    'rtsp://u:p@cam/live?password=x@y',
    'rtsp://a:b@10.0.0.1/c@10.0.0.2',
  ])('is refused in %s, without a word of it', (text) => {
    expect(parseCameraUrl(text)).toEqual({
      problem: expect.stringContaining('can be read in one way: write "/"') as string,
    });
  });

  it('is never printed', () => {
    const { safe, secrets } = parsed('rtsp://host/x:s3cret@y');
    expect(safe).toBe('rtsp://host/•••');
    expect(secrets).toContain('x:s3cret@y');
  });
});

test('whatever the password is, the host is the one behind it, or the URL is refused', () => {
  const text = fc.string({ unit: fc.constantFrom(...'ab1:@/?#%&=. é'), maxLength: 12 });
  fc.assert(
    fc.property(text, fc.constantFrom('10.0.0.5', 'cam'), (password, host) => {
      // What looks like a host of its own, or like parameters, in a password is decided otherwise.
      fc.pre(!/\d\.\d|^\d*[/?].*=/.test(password));
      const url = parseCameraUrl(`rtsp://admin:${password}@${host}/live`);
      if ('problem' in url) return;
      expect(url.host).toBe(host);
      expect(url.request).toBe(`rtsp://${host}/live`);
      expect(url.credentials?.user).toBe('admin');
      expect(decodeURIComponent(url.href.slice('rtsp://admin:'.length, -`@${host}/live`.length))).toBe(
        url.credentials?.password,
      );
    }),
    { numRuns: 2000 },
  );
});

test.for<[text: string, safe: string, secret: string]>([
  ['rtsp://cam/live?user=a&password=b%21c&x=1', 'rtsp://cam/live?user=•••&password=•••&x=1', 'b!c'],
  [
    'rtsp://cam/user=a_password=b_c_channel=1_stream=0.sdp',
    'rtsp://cam/user=•••_password=•••_channel=1_stream=0.sdp',
    'b_c',
  ],
  [
    'rtsp://cam/axis-media/media.amp?resolution=640x480&fps=25&jwt=x.y',
    'rtsp://cam/axis-media/media.amp?resolution=640x480&fps=25&jwt=•••',
    'x.y',
  ],
  ['rtsp://cam/live?c2VjcmV0X3g9eA==', 'rtsp://cam/live?•••', 'c2VjcmV0X3g9eA=='],
  ['rtsp://u:p@cam/live;pwd=x/y?auth=z', 'rtsp://cam/live;pwd=•••/y?auth=•••', 'z'],
])('a password in the path or query of %s', ([text, safe, secret]) => {
  expect(parsed(text).safe).toBe(safe);
  expect(parsed(text).secrets).toContain(secret);
});
