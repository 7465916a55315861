/** Requests as nobody should send them: PROTOCOL.md's grammar, and what comes of it when it is bent and broken. */
import fc from 'fast-check';
import { WRITER_HEADER } from '../../protocol/headers.ts';
import { initSegment, numberNow } from './support.ts';

/** What somebody put together; `new Request` may refuse it. */
export interface FuzzedRequest {
  readonly method: string;
  /** Path and query, as they stand in the URL. */
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: string | Uint8Array | undefined;
  /** Of the tokens, the one that is sent along; undefined without a genuine one. */
  readonly bearer: Bearer | undefined;
}

/** A genuine token. */
export interface Bearer {
  readonly jwt: string;
  readonly scope: 'play' | 'publish';
  readonly stream: string;
}

/** The streams that there are while requests are sent. */
export const STREAMS = { closed: 'fuzz_closed', open: 'fuzz_open', pushed: 'fuzz_pushed' } as const;

const method = fc.oneof(
  { weight: 8, arbitrary: fc.constant('GET') },
  { weight: 6, arbitrary: fc.constantFrom('HEAD', 'PUT', 'POST') },
  { weight: 2, arbitrary: fc.constantFrom('DELETE', 'OPTIONS') },
  { weight: 1, arbitrary: fc.constantFrom('PATCH', 'get', 'put', 'PROPFIND', 'X') },
);

/** What people try: dots, slashes, NUL, look-alikes, escapes that are none, what is too long or too large. */
const TRICKS = [
  ...[
    '',
    '.',
    '..',
    '...',
    '/',
    '//',
    '\\',
    '..\\',
    '%2e%2e',
    '%2E%2E%2F',
    '%2f',
    '%5c',
    '%252e%252e',
    '..;/',
    '.%00.',
  ],
  ...[
    '%00',
    '\0',
    '%',
    '%%',
    '%2',
    '%zz',
    '%ff',
    '%c0%ae',
    '%ed%a0%80',
    '%u002e',
    '%F0%9F%8E%A5',
    '\ud800',
    '%0d%0aset-cookie:%20a=b',
  ],
  ...['．．', '∕', '／', 'сam', 'ﬀ', 'İ', 'ſ', 'K', '\u200b', '\u202e', '\ufeff', '🎥', 'é', '%e2%80%ae'],
  ...[
    '-',
    '--',
    '~',
    '.~',
    '_',
    '$',
    '$&',
    '$Number$',
    '*',
    ':',
    ';',
    '@',
    '?',
    '#',
    '&',
    '=',
    '+',
    ' ',
    '|',
    '^',
    '`',
  ],
  ...['__proto__', 'constructor', 'toString', 'api', 'assets', 'conf', 'isotime', 'ssss', 'version', 'manifest.mpd'],
  ...['<script>alert(1)</script>', "'--", '"', '{{7*7}}', '${1}', 'http:', 'javascript:', 'wrangler.toml', 'index.js'],
  ...['0', '-1', '1e9', '0x10', '00000000000001', '999999999999999', '9007199254740993', '1'.repeat(400), 'NaN', '١٢'],
  ...['a'.repeat(64), 'a'.repeat(65), 'b'.repeat(3000), 'c'.repeat(20_000)],
];
const trick = fc.constantFrom(...TRICKS);
/** What a header may hold: for others a `Request` can't be made. */
const plainTrick = fc.constantFrom(...TRICKS.filter((text) => /^[\x20-\x7e]*$/.test(text)));

const streamName = fc.oneof(
  { weight: 16, arbitrary: fc.constantFrom(...Object.values(STREAMS)) },
  { weight: 3, arbitrary: fc.constantFrom('fuzz_nobody', 'nobody.else', 'FUZZ_OPEN', 'a', '~a', '.a') },
  { weight: 1, arbitrary: fc.stringMatching(/^[\w.~]{1,70}$/) },
  { weight: 1, arbitrary: trick },
);
const address = fc.oneof(
  { weight: 8, arbitrary: streamName },
  {
    weight: 2,
    arbitrary: fc
      .tuple(streamName, fc.constantFrom('me', 'a-b', '', '-', 'x'.repeat(65)))
      .map((parts) => parts.join('-')),
  },
  { weight: 1, arbitrary: fc.tuple(streamName, trick).map((parts) => parts.join('-')) },
);
const representation = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom('0', '1') },
  { weight: 1, arbitrary: fc.constantFrom('2', '01', '999', '1000', '-1', '') },
  { weight: 1, arbitrary: trick },
);
const number = fc.oneof(
  { weight: 12, arbitrary: fc.integer({ min: -2, max: 1 }).map((off) => String(numberNow() + off)) },
  { weight: 3, arbitrary: fc.integer({ min: -9, max: 9 }).map((off) => String(numberNow() + off)) },
  { weight: 2, arbitrary: fc.bigInt({ min: 0n, max: 10n ** 17n }).map(String) },
  { weight: 1, arbitrary: fc.nat(12).map(String) },
  { weight: 1, arbitrary: trick },
);
const file = fc.oneof(
  { weight: 3, arbitrary: fc.constant('manifest.mpd') },
  { weight: 2, arbitrary: representation.map((id) => `init-stream${id}.m4s`) },
  { weight: 5, arbitrary: fc.tuple(representation, number).map(([id, n]) => `chunk-stream${id}-${n}.m4s`) },
  { weight: 1, arbitrary: trick },
);
const path = fc.oneof(
  { weight: 30, arbitrary: fc.tuple(address, file).map((parts) => `/${parts.join('/')}`) },
  { weight: 2, arbitrary: address.map((part) => `/${part}`) },
  { weight: 2, arbitrary: address.map((part) => `/${part}/`) },
  {
    weight: 1,
    arbitrary: fc.constantFrom('/', '/version', '/isotime', '/api', '/api/', '/assets/', '/assets/player.js'),
  },
  { weight: 1, arbitrary: fc.constantFrom('/conf', '/api/streams', '/favicon.ico', '/robots.txt', '/.well-known/x') },
  { weight: 2, arbitrary: streamName.map((name) => `/api/streams/${name}`) },
  { weight: 2, arbitrary: streamName.map((name) => `/api/streams/${name}/agent`) },
  { weight: 2, arbitrary: streamName.map((name) => `/api/streams/${name}/stats`) },
  {
    weight: 2,
    arbitrary: fc
      .tuple(streamName, fc.oneof(representation, fc.constant('auto')))
      .map((parts) => `/ssss/${parts.join('/')}`),
  },
  { weight: 1, arbitrary: fc.array(trick, { maxLength: 6 }).map((parts) => `/${parts.join('/')}`) },
);

/** A text with a piece of it exchanged, doubled, left out or escaped, or something put into it. */
const bend = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .tuple(
      text,
      fc.nat(),
      fc.nat({ max: 6 }),
      trick,
      fc.constantFrom('put in', 'exchange', 'leave out', 'double', 'escape', 'case'),
    )
    .map(([whole, where, length, piece, how]) => {
      const at = 1 + (where % Math.max(1, whole.length));
      const [before, middle, after] = [whole.slice(0, at), whole.slice(at, at + length), whole.slice(at + length)];
      switch (how) {
        case 'put in':
          return before + piece + middle + after;
        case 'exchange':
          return before + piece + after;
        case 'leave out':
          return before + after;
        case 'double':
          return before + middle + middle + after;
        case 'escape':
          return before + middle.replaceAll(/[\x20-\x7e]/g, (one) => `%${one.charCodeAt(0).toString(16)}`) + after;
        case 'case':
          return before + middle.toUpperCase() + after;
      }
    });

const mostly = (text: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 7, arbitrary: text },
    { weight: 2, arbitrary: bend(text) },
    { weight: 1, arbitrary: bend(bend(text)) },
  );

const cmcd = fc.oneof(
  fc.constantFrom(
    'bl=300,br=200,bs,ltc=180,v=2',
    'bl=1e999',
    'br=(1 2 3)',
    'ltc="x"',
    `bl=${'9'.repeat(400)}`,
    'sid="%00"',
    '__proto__=1',
  ),
  trick,
);
const parameter = fc.oneof(
  cmcd.map((value) => `CMCD=${encodeURIComponent(value.isWellFormed() ? value : '')}`),
  fc.constantFrom(
    'format=csv',
    'format=',
    'format=csv&format=json',
    't=1',
    `t=${'9'.repeat(40)}`,
    'token',
    'token=',
    '__proto__=1',
  ),
  trick,
  fc.tuple(trick, trick).map((pair) => pair.join('=')),
);

const header = fc.oneof(
  fc.tuple(
    fc.constant('range'),
    fc.constantFrom(
      'bytes=0-',
      'bytes=0-1',
      'bytes=-1',
      'bytes=5-2',
      'bytes=99999999999999999999-',
      'bytes=0-1,3-4',
      'bytes=-',
      'x=1-2',
      'bytes=-0',
    ),
  ),
  fc.tuple(fc.constant('if-none-match'), fc.constantFrom('*', '"4-agent-1"', 'W/"x"', '"', '')),
  fc.tuple(fc.constant('upgrade'), fc.constantFrom('websocket', 'WebSocket', 'h2c', 'websocket, h2c', '')),
  fc.tuple(
    fc.constant(WRITER_HEADER),
    fc.oneof(fc.constantFrom('agent-1', 'agent-1', 'agent-2', 'x'.repeat(64), 'x'.repeat(65), 'a b', ''), plainTrick),
  ),
  fc.tuple(
    fc.constant('content-type'),
    fc.constantFrom('video/mp4', 'application/dash+xml', 'text/html', 'multipart/form-data', 'x'),
  ),
  fc.tuple(fc.constant('cookie'), fc.constantFrom('token=a', 'a=b; c=d', '=', 'x'.repeat(5000))),
  fc.tuple(fc.constant('accept'), fc.constantFrom('text/csv', 'text/csv;q=0', '*/*', ',')),
  fc.tuple(
    fc.constantFrom(
      'x-segment-hold-ms',
      'x-segment-precedence',
      'x-segment-writer',
      'x-forwarded-for',
      'host',
      'origin',
      'referer',
      'x-http-method-override',
    ),
    fc.oneof(fc.constantFrom('0', '99999', 'last wins', 'DELETE', 'null', 'https://evil.example'), plainTrick),
  ),
  fc.tuple(
    fc.constant('authorization'),
    fc.constantFrom(
      'Bearer',
      'Bearer ',
      'Bearer a.b.c',
      'Basic dXNlcjpwYXNz',
      'Digest x',
      'bearer null',
      'Bearer a b',
      'Bearer '.repeat(300),
      'Bearer ' + 'e.'.repeat(3000),
    ),
  ),
);

/** ISO/IEC 14496-12, 4.2 */
const box = (type: string, size: number, content: readonly number[]): number[] => [
  ...[size >>> 24, size >>> 16, size >>> 8, size].map((byte) => byte & 255),
  ...new TextEncoder().encode(type),
  ...content,
];
const boxes = fc
  .array(
    fc.tuple(
      fc.constantFrom('ftyp', 'moov', 'styp', 'prft', 'moof', 'mdat', 'free', '\0\0\0\0'),
      fc.array(fc.nat({ max: 255 }), { maxLength: 20 }),
      fc.constantFrom(0, 0, 0, 0, 1, -1, -8, 1000, 0x7fff_fff0),
    ),
    { maxLength: 5 },
  )
  .map((all) => Uint8Array.from(all.flatMap(([type, content, lie]) => box(type, 8 + content.length + lie, content))));
const body = fc.oneof(
  { weight: 3, arbitrary: fc.constant(undefined) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      '',
      'x',
      'one two three',
      '<MPD></MPD>',
      '<MPD media="a?token=b">',
      '{"type":"announce"}',
    ),
  },
  {
    weight: 1,
    arbitrary: bend(
      fc.constant('<MPD maxSegmentDuration="PT2S"><SegmentTemplate media="chunk-stream0-$Number$.m4s?token=x"/></MPD>'),
    ),
  },
  { weight: 1, arbitrary: boxes },
  { weight: 2, arbitrary: fc.constant(initSegment()) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 200 }) },
);

/** Some carry one of these tokens, in the header or in the query; some one that was tampered with. */
export function fuzzedRequest(bearers: readonly Bearer[]): fc.Arbitrary<FuzzedRequest> {
  const bearer = fc.constantFrom(...bearers);
  const tampered = fc
    .tuple(bearer, fc.nat(), fc.constantFrom('A', 'z', '.', '=', '%', ' '))
    .map(([{ jwt }, where, letter]) => {
      // Not the last letters: they hold bits that mean nothing.
      const at = where % (jwt.length - 3);
      return jwt[at] === letter ? `${letter}${jwt}` : jwt.slice(0, at) + letter + jwt.slice(at + 1);
    });
  const carried = fc.oneof(
    { weight: 2, arbitrary: fc.constant(undefined) },
    { weight: 5, arbitrary: fc.record({ bearer, jwt: fc.constant(undefined), inQuery: fc.boolean() }) },
    { weight: 1, arbitrary: fc.record({ bearer: fc.constant(undefined), jwt: tampered, inQuery: fc.boolean() }) },
  );
  return fc
    .record({
      method,
      path: mostly(path),
      parameters: fc.array(parameter, { maxLength: 2 }),
      headers: fc.array(header, { maxLength: 3 }),
      body,
      carried,
    })
    .map(({ method: verb, path: bent, parameters, headers, body: sent, carried: token }) => {
      const jwt = token?.bearer?.jwt ?? token?.jwt;
      const query = [...parameters, ...(token?.inQuery === true ? [`token=${jwt}`] : [])].join('&');
      return {
        method: verb,
        target: query === '' ? bent : `${bent}?${query}`,
        headers: token?.inQuery === false ? [...headers, ['authorization', `Bearer ${jwt}`] as const] : headers,
        body: verb.toLowerCase() === 'get' || verb === 'HEAD' ? undefined : sent,
        bearer: token?.bearer,
      };
    });
}
