/** What is no HTTP, or two things at once, at the embedded edge's door: it is turned away, and nobody else notices. */
import { connect } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { StreamName } from '../../protocol/names.ts';
import { EdgeAlone } from './support/edge.ts';

const STREAM = 'cam' as StreamName;
const { seed } = inject('fuzz');
const CONNECTIONS = 2000;
const AT_ONCE = 25;

let edge: EdgeAlone;
beforeAll(async () => {
  edge = await EdgeAlone.start(STREAM);
});
afterAll(() => edge[Symbol.asyncDispose]());

/** Says all at once and reads to the end. @returns all that the edge said */
async function say(bytes: string | Uint8Array): Promise<string> {
  const socket = connect(Number(edge.url.port), '127.0.0.1').setEncoding('latin1');
  let answer = '';
  socket.on('data', (text: string) => {
    answer += text;
  });
  // The edge may have heard enough before all is said.
  socket.on('error', () => {});
  socket.setTimeout(2000, () => socket.destroy());
  socket.end(bytes);
  // Not `once`: it would fail with an error.
  await new Promise((resolve) => {
    socket.on('close', resolve);
  });
  return answer;
}

const statuses = (answer: string): number[] =>
  [...answer.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));

const head = (...lines: readonly string[]): string =>
  ['PUT /cam/manifest.mpd HTTP/1.1', 'Host: edge', ...lines, '', ''].join('\r\n');
const SMUGGLED = 'GET /version HTTP/1.1\r\nHost: edge\r\n\r\n';

describe('a request with another one hidden in its body', () => {
  test.for<[how: string, request: string]>([
    ['two lengths', head('Content-Length: 5', 'Content-Length: 42') + `hello${SMUGGLED}`],
    ['a list of lengths', head('Content-Length: 5, 42') + `hello${SMUGGLED}`],
    ['a length and chunks', head('Content-Length: 5', 'Transfer-Encoding: chunked') + `0\r\n\r\n${SMUGGLED}`],
    ['chunks and a length', head('Transfer-Encoding: chunked', 'Content-Length: 42') + `0\r\n\r\n${SMUGGLED}`],
    ['two encodings', head('Transfer-Encoding: chunked', 'Transfer-Encoding: identity') + `0\r\n\r\n${SMUGGLED}`],
    ['an encoding that is none', head('Transfer-Encoding: xchunked') + `0\r\n\r\n${SMUGGLED}`],
    ['an encoding after a space', head('Transfer-Encoding : chunked', 'Content-Length: 5') + `0\r\n\r\n${SMUGGLED}`],
    ['an encoding in a folded line', head('X: y', ' Transfer-Encoding: chunked', 'Content-Length: 0') + SMUGGLED],
    ['a length of less than nothing', head('Content-Length: -1') + SMUGGLED],
    ['a length in hex', head('Content-Length: 0x5') + `hello${SMUGGLED}`],
    [
      'a chunk of more than there can be',
      `${head('Transfer-Encoding: chunked')}fffffffffffffffff\r\n0\r\n\r\n${SMUGGLED}`,
    ],
    ['a chunk whose size is none', `${head('Transfer-Encoding: chunked')}zz\r\n0\r\n\r\n${SMUGGLED}`],
    ['a NUL in a header', head('X: a\0b', 'Content-Length: 0') + SMUGGLED],
  ])('is at most one request: %s', async ([, request]) => {
    const answered = statuses(await say(request));
    expect(answered.length).toBeLessThanOrEqual(1);
    expect([400, 401]).toContain(answered[0] ?? 400);
  });
});

test.for<[what: string, request: string, status: number]>([
  ['a head of half a megabyte', `GET /version HTTP/1.1\r\nHost: edge\r\nX: ${'x'.repeat(512 * 1024)}\r\n\r\n`, 431],
  ['80,000 headers', `GET /version HTTP/1.1\r\nHost: edge\r\n${'X: y\r\n'.repeat(80_000)}\r\n`, 431],
  ['a URL of 100 kB', `GET /version?${'x'.repeat(100_000)} HTTP/1.1\r\nHost: edge\r\n\r\n`, 414],
  ['a URL of 9 kB', `GET /version?${'x'.repeat(9000)} HTTP/1.1\r\nHost: edge\r\n\r\n`, 414],
])('%s is refused', async ([, request, status]) => {
  expect(statuses(await say(request))).toEqual([status]);
});

/** What somebody may say who does not know HTTP, or knows it well. */
const token = fc.constantFrom(
  ...[
    'GET',
    'PUT',
    'DELETE',
    'OPTIONS',
    'TRACE',
    'get',
    'G\0T',
    '',
    ' ',
    '\t',
    '/',
    '/version',
    '/cam/manifest.mpd',
    '*',
    '/../..',
  ],
  ...[
    '//',
    'http://evil.example/version',
    '/%',
    '/\0',
    '/é',
    'HTTP/1.1',
    'HTTP/1.0',
    'HTTP/9.9',
    'HTTP/',
    'http/1.1',
    '\r',
    '\n',
    '\r\n',
  ],
  ...[
    '/cam/chunk-stream0-1.m4s',
    '/api/streams/cam/agent',
    'x'.repeat(70_000),
    '\x16\x03\x01\x02\0',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
  ],
);
const header = fc.constantFrom(
  ...[
    'Host: edge',
    'Host:',
    'Host: a b',
    'Host: edge:99999',
    'Content-Length: 5',
    'Content-Length: 99999999999999999999',
    'Content-Length:',
  ],
  ...[
    'Transfer-Encoding: chunked',
    'Transfer-Encoding: gzip, chunked',
    'Connection: upgrade',
    'Upgrade: websocket',
    'Upgrade: h2c',
  ],
  ...[
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: x',
    'Expect: 100-continue',
    'Expect: x',
    ': novalue',
    'no colon',
    ' folded',
    'X: \xff\xfe',
  ],
  ...[
    'X\0: y',
    `X: ${'y'.repeat(66_000)}`,
    'X: y\r\n'.repeat(2000),
    'Range: bytes=0-',
    'TE: trailers',
    'Trailer: Host',
    'Connection: close',
  ],
);
const line = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom(
      ...[
        'GET /version HTTP/1.1',
        'GET /cam/manifest.mpd HTTP/1.1',
        'PUT /cam/manifest.mpd HTTP/1.1',
        'HEAD / HTTP/1.0',
      ],
      ...[
        'OPTIONS * HTTP/1.1',
        'GET http://evil.example/version HTTP/1.1',
        'GET //version HTTP/1.1',
        'POST /%00 HTTP/1.1',
      ],
      ...[
        'GET /api/streams/cam/agent HTTP/1.1',
        'DELETE /cam/chunk-stream0-1.m4s HTTP/1.1',
        'GET /assets/..%2f..%2fx HTTP/1.1',
      ],
    ),
  },
  { weight: 1, arbitrary: fc.array(token, { minLength: 1, maxLength: 4 }).map((tokens) => tokens.join(' ')) },
);
const end = fc.oneof(
  { weight: 9, arbitrary: fc.constant('\r\n') },
  { weight: 1, arbitrary: fc.constantFrom('\n', '\r', '', '\r\n\r\n') },
);
const body = fc.constantFrom(
  '',
  'hello',
  '5\r\nhello\r\n0\r\n\r\n',
  'zz\r\n',
  '-1\r\n',
  '5;ext=1\r\nhello\r\n0\r\nX: y\r\n\r\n',
  '7fffffffffffffff\r\nx',
  '\0'.repeat(100),
  SMUGGLED,
);
const nearly = fc
  .tuple(line, fc.array(header, { maxLength: 2 }), fc.boolean(), end, end, body)
  .map(([first, headers, host, ending, last, rest]) => {
    const lines = [first, ...(host ? ['Host: edge'] : []), ...headers, ''];
    return Buffer.from(lines.join(ending) + last + rest, 'latin1');
  });
const noise = fc.uint8Array({ maxLength: 500 });
const anything = fc.oneof({ weight: 4, arbitrary: nearly }, { weight: 1, arbitrary: noise });

test(`${CONNECTIONS} connections on which is said what is no HTTP, by seed ${seed}`, { timeout: 60_000 }, async () => {
  const sayings = fc.sample(anything, { seed, numRuns: CONNECTIONS });
  const counts = new Map<number, number>();
  while (sayings.length > 0) {
    const answers = await Promise.all(
      sayings.splice(0, AT_ONCE).map(async (saying) => ({ saying, answer: await say(saying) })),
    );
    for (const { saying, answer } of answers) {
      for (const status of statuses(answer)) {
        counts.set(status, (counts.get(status) ?? 0) + 1);
        const said = Buffer.from(saying).toString('latin1').slice(0, 300);
        // 501 is of workerd itself: a method that it does not know.
        expect(status >= 500 && status !== 501, `${status} to ${JSON.stringify(said)}`).toBe(false);
        if (status === 200) expect(said).toMatch(/\/version|^(HEAD|OPTIONS) /);
      }
    }
    // Others go on.
    expect(await edge.status('/version')).toBe(200);
  }
  console.log(Object.fromEntries([...counts].toSorted(([a], [b]) => a - b)));
  expect(await edge.status('/cam/manifest.mpd')).toBe(200);
  expect(edge.complaints.filter((message) => !/disconnected|broke off/i.test(message))).toEqual([]);
});
