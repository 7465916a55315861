import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isStreamName, type StreamName } from '../../protocol/names.ts';
import { permits, readToken, signToken, type TokenClaims } from '../../protocol/token.ts';
import { seconds } from '../../protocol/units.ts';

const SECRET = 'a secret of more than sixteen characters';
const NOW = seconds(1_795_345_200);
const CAM = 'cam' as StreamName;
const claims = (overrides: Partial<TokenClaims> = {}): TokenClaims => ({
  sub: CAM,
  scope: 'play',
  exp: NOW + 60,
  ...overrides,
});

const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
/** A JWT made without any library. */
function jwt(header: unknown, payload: unknown, { hash = 'sha256', secret = SECRET } = {}): string {
  const signed = `${part(header)}.${part(payload)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}
const HS256 = { alg: 'HS256', typ: 'JWT' };

describe('a token', () => {
  test('is a JWT as everybody makes them', async () => {
    expect(await signToken(claims(), SECRET)).toBe(jwt(HS256, claims()));
    expect(await readToken(jwt(HS256, claims()), SECRET, NOW)).toEqual(claims());
  });

  test('says what it was made for', async () => {
    const name = fc
      .string({ unit: fc.constantFrom(...'abcXYZ019_.~'), minLength: 1, maxLength: 64 })
      .filter(isStreamName);
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(name, fc.constant('*' as const)),
        fc.constantFrom('play' as const, 'publish' as const),
        fc.integer({ min: NOW + 1, max: NOW + 1e9 }),
        async (sub, scope, exp) => {
          expect(await readToken(await signToken({ sub, scope, exp }, SECRET), SECRET, NOW)).toEqual({
            sub,
            scope,
            exp,
          });
        },
      ),
      { numRuns: 30 },
    );
  });

  test('is good until the second in which it ends', async () => {
    const token = await signToken(claims({ exp: NOW }), SECRET);
    expect(await readToken(token, SECRET, seconds(NOW - 0.001))).toBeDefined();
    expect(await readToken(token, SECRET, NOW)).toBeUndefined();
    expect(await readToken(token, SECRET, seconds(NOW + 1))).toBeUndefined();
  });

  const { exp: _, ...endless } = claims();
  test.for<[what: string, token: string]>([
    ['made with another secret', jwt(HS256, claims(), { secret: `${SECRET}!` })],
    ['made with another algorithm', jwt({ alg: 'HS384', typ: 'JWT' }, claims(), { hash: 'sha384' })],
    ['said to be made with another algorithm', jwt({ alg: 'RS256', typ: 'JWT' }, claims())],
    ['not signed', `${part({ alg: 'none', typ: 'JWT' })}.${part(claims())}.`],
    ['signed, but said not to be', jwt({ alg: 'none', typ: 'JWT' }, claims())],
    ['cut short', jwt(HS256, claims()).slice(0, -1)],
    ['without an end', jwt(HS256, endless)],
    ['with an end in words', jwt(HS256, { ...claims(), exp: 'tomorrow' })],
    ['with an end of null', jwt(HS256, { ...claims(), exp: null })],
    ['for a stream that can not be', jwt(HS256, { ...claims(), sub: '../cam' })],
    ['for a part of the edge', jwt(HS256, { ...claims(), sub: 'api' })],
    ['for several streams', jwt(HS256, { ...claims(), sub: ['cam', 'dam'] })],
    ['for a right that there is not', jwt(HS256, { ...claims(), scope: 'admin' })],
    ['for no right', jwt(HS256, { ...claims(), scope: undefined })],
    ['of claims that are a list', jwt(HS256, [claims()])],
    ['empty', ''],
    ['dots', '..'],
  ])('is worth nothing when it is %s', async ([, token]) => {
    expect(await readToken(token, SECRET, NOW)).toBeUndefined();
  });

  test('is worth nothing with a letter changed', async () => {
    const token = await signToken(claims(), SECRET);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: token.length - 1 }), fc.constantFrom(...'Az09-_.'), async (at, letter) => {
        const changed = token.slice(0, at) + letter + token.slice(at + 1);
        // The last letter of a signature holds bits that mean nothing.
        fc.pre(changed !== token && at < token.length - 1);
        expect(await readToken(changed, SECRET, NOW)).toBeUndefined();
      }),
    );
  });

  test('no text is beyond it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary' }), async (text) => {
        expect(await readToken(text, SECRET, NOW)).toBeUndefined();
      }),
    );
  });
});

test.for<[sub: string, scope: 'play' | 'publish', play: boolean, publish: boolean]>([
  ['cam', 'play', true, false],
  ['cam', 'publish', true, true],
  ['*', 'play', true, false],
  ['*', 'publish', true, true],
  ['dam', 'play', false, false],
  ['dam', 'publish', false, false],
  ['Cam', 'publish', false, false],
  ['cam2', 'publish', false, false],
])('for %s, to %s: the stream cam', ([sub, scope, play, publish]) => {
  const token = claims({ sub: sub as StreamName, scope });
  expect(permits(token, 'play', CAM)).toBe(play);
  expect(permits(token, 'publish', CAM)).toBe(publish);
});
