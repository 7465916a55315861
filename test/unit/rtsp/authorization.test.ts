import { createHash } from 'node:crypto';
import { describe, expect, it, test } from 'vitest';
import { Authorization } from '../../../agent/rtsp/authorization.ts';
import { nameOf, parseChallenges, strongest } from '../../../agent/rtsp/challenge.ts';

const CREDENTIALS = { user: 'Mufasa', password: 'Circle of Life' };

/** The parameters of what was answered to a challenge. */
function answer(
  challenge: string,
  credentials = CREDENTIALS,
  uri = 'rtsp://cam/live',
  cnonce = 'c',
): Map<string, string> {
  const authorization = new Authorization(credentials, () => cnonce);
  expect(authorization.rejected([challenge], 0)).toEqual({ kind: 'again' });
  return parametersOf(authorization.header('DESCRIBE', uri));
}
function parametersOf(header: string | undefined): Map<string, string> {
  expect(header).toMatch(/^Digest /);
  const found = header!.matchAll(/(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))/g);
  return new Map(Array.from(found, ([, name = '', quoted, token = '']) => [name, quoted ?? token]));
}
const hex = (hash: string, text: string): string => createHash(hash).update(text, 'latin1').digest('hex');

describe('a challenge', () => {
  it.for<[header: string, names: string[], taken: string | undefined]>([
    ['Basic realm="IPC"', ['Basic'], 'Basic'],
    ['Digest realm="a", nonce="b"', ['Digest MD5'], 'Digest MD5'],
    ['digest realm=a,nonce=b,algorithm="md5",stale=FALSE,', ['Digest md5'], 'Digest md5'],
    ['Digest realm="a, Basic b", nonce="1"  , Basic realm="x=y"', ['Digest MD5', 'Basic'], 'Digest MD5'],
    [
      'Basic realm="a", Digest realm="a", nonce="b", algorithm=SHA-256, qop="auth-int, auth"',
      ['Basic', 'Digest SHA-256'],
      'Digest SHA-256',
    ],
    ['Basic', ['Basic'], 'Basic'],
    ['Negotiate YII=, Digest realm="a"', ['Negotiate', 'Digest'], undefined],
    ['Digest realm="a", nonce="b", algorithm=SHA-999', ['Digest SHA-999'], undefined],
    ['Digest realm="a", nonce="b", qop="auth-int"', ['Digest auth-int'], undefined],
    ['', [], undefined],
    ['"', [], undefined],
  ])('%s is read as %j', ([header, names, taken]) => {
    const challenges = parseChallenges([header]);
    expect(challenges.map(nameOf)).toEqual(names);
    const best = strongest(challenges);
    expect(best && nameOf(best)).toBe(taken);
  });

  it('of several headers the strongest is taken', () => {
    const nonce = 'realm="r", nonce="n"';
    const offered = parseChallenges([
      'Basic realm="r"',
      `Digest ${nonce}, algorithm=MD5`,
      `Digest ${nonce}, algorithm=SHA-256-sess`,
    ]);
    expect(nameOf(strongest(offered)!)).toBe('Digest SHA-256-sess');
  });

  it.for([
    `Digest ${' '.repeat(16_000)}!`,
    `Digest realm="${'\\'.repeat(16_000)}`,
    'a '.repeat(8000),
    'a="'.repeat(5000),
  ])('made to take long takes no time', (header) => {
    const started = performance.now();
    parseChallenges([header]);
    expect(performance.now() - started).toBeLessThan(500);
  });
});

describe('what is answered', () => {
  test.for([
    ['MD5', '8ca523f5e9506fed4657c9700eebdbec'],
    ['SHA-256', '753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1'],
  ] as const)('with %s is what RFC 7616, 3.9.1, has', ([algorithm, response]) => {
    const authorization = new Authorization(CREDENTIALS, () => 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ');
    const challenge = `Digest realm="http-auth@example.org", qop="auth, auth-int", algorithm=${algorithm}, nonce="7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", opaque="FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS"`;
    authorization.rejected([challenge], 0);
    expect(Object.fromEntries(parametersOf(authorization.header('GET', '/dir/index.html')))).toEqual({
      username: 'Mufasa',
      realm: 'http-auth@example.org',
      uri: '/dir/index.html',
      algorithm,
      nonce: '7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v',
      nc: '00000001',
      cnonce: 'f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ',
      qop: 'auth',
      response,
      opaque: 'FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS',
    });
  });

  test('without qop is what RFC 2069 has, and no more is said than was asked', () => {
    const given = answer('Digest realm="IP Camera", nonce="abc", stale="FALSE"');
    const response = hex(
      'md5',
      `${hex('md5', 'Mufasa:IP Camera:Circle of Life')}:abc:${hex('md5', 'DESCRIBE:rtsp://cam/live')}`,
    );
    expect(Object.fromEntries(given)).toEqual({
      username: 'Mufasa',
      realm: 'IP Camera',
      nonce: 'abc',
      uri: 'rtsp://cam/live',
      response,
    });
  });

  test('with -sess has the nonces in the secret, the same for all requests', () => {
    const authorization = new Authorization(CREDENTIALS, () => 'cc');
    authorization.rejected(['Digest realm="r", nonce="n", qop="auth", algorithm=MD5-sess'], 0);
    const secret = hex('md5', `${hex('md5', 'Mufasa:r:Circle of Life')}:n:cc`);
    for (const [nc, method] of [
      ['00000001', 'DESCRIBE'],
      ['00000002', 'SETUP'],
    ] as const) {
      const given = parametersOf(authorization.header(method, 'rtsp://cam/'));
      expect(given.get('nc')).toBe(nc);
      expect(given.get('response')).toBe(
        hex('md5', `${secret}:n:${nc}:cc:auth:${hex('md5', `${method}:rtsp://cam/`)}`),
      );
    }
  });

  test('says realm, nonce and opaque as they came, byte by byte, and names as UTF-8', () => {
    const challenge = String.raw`Digest realm="DOMAIN\x \"a\" ` + '\xd6\xd0", nonce="n/+=", opaque=""';
    const given = answer(challenge, { user: 'Jürgen"\\', password: 'pä:ß' });
    expect(given.get('realm')).toBe(String.raw`DOMAIN\x \"a\" ` + '\xd6\xd0');
    expect(given.get('opaque')).toBe('');
    const user = Buffer.from('Jürgen').toString('latin1');
    expect(given.get('username')).toBe(user + String.raw`\"\\`);
    const who = `${user}"\\:DOMAIN\\x "a" \xd6\xd0:${Buffer.from('pä:ß').toString('latin1')}`;
    expect(given.get('response')).toBe(hex('md5', `${hex('md5', who)}:n/+=:${hex('md5', 'DESCRIBE:rtsp://cam/live')}`));
  });

  test('by Basic is name and password as UTF-8', () => {
    const authorization = new Authorization({ user: 'a', password: 'ß:b' });
    expect(authorization.header('OPTIONS', '*')).toBeUndefined();
    authorization.rejected(['Basic realm="x"'], 0);
    expect(authorization.header('OPTIONS', '*')).toBe(`Basic ${Buffer.from('a:ß:b').toString('base64')}`);
    expect(authorization.scheme).toBe('Basic');
  });
});

describe('a 401', () => {
  const challenge = (nonce: string, more = ''): string[] => [`Digest realm="r", nonce="${nonce}"${more}`];

  it('to an answer means that user name or password are wrong', () => {
    const authorization = new Authorization(CREDENTIALS);
    expect(authorization.rejected(challenge('1'), 0)).toEqual({ kind: 'again' });
    expect(authorization.rejected(challenge('2'), 1)).toEqual({ kind: 'refused' });
  });

  it('to a later request means that its nonce is good no more: it is asked again, once', () => {
    const authorization = new Authorization(CREDENTIALS);
    for (const nonce of ['1', '2', '3']) {
      expect(authorization.rejected(challenge(nonce), 0)).toEqual({ kind: 'again' });
      expect(parametersOf(authorization.header('PLAY', '*')).get('nonce')).toBe(nonce);
    }
  });

  it('that says the nonce was stale is answered at once, but not for ever', () => {
    const authorization = new Authorization(CREDENTIALS);
    const verdicts = Array.from({ length: 5 }, (_, before) =>
      authorization.rejected(challenge(String(before), ', stale=TRUE'), before),
    );
    expect(verdicts.map(({ kind }) => kind)).toEqual(['again', 'again', 'again', 'again', 'refused']);
  });

  it('numbers go on while the nonce stays', () => {
    const authorization = new Authorization(CREDENTIALS);
    const counts = ['n', 'n', 'm'].map((nonce) => {
      authorization.rejected(challenge(nonce, ', qop=auth'), 0);
      return parametersOf(authorization.header('OPTIONS', '*')).get('nc');
    });
    expect(counts).toEqual(['00000001', '00000002', '00000001']);
  });

  it('that offers nothing usable is not taken for a wrong password', () => {
    const authorization = new Authorization(CREDENTIALS);
    expect(authorization.rejected(['Digest realm="r", nonce="n", algorithm=SHA3', 'Bearer'], 0)).toEqual({
      kind: 'unusable',
      offered: ['Digest SHA3', 'Bearer'],
    });
    expect(authorization.rejected([], 0)).toEqual({ kind: 'unusable', offered: [] });
  });

  it('without a password to give says so', () => {
    expect(new Authorization(undefined).rejected(['Basic realm="r"'], 0)).toEqual({ kind: 'anonymous' });
  });
});
