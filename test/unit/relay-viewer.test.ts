/** The viewer that the relay bench measures with: what it counts must not depend on how the bytes were cut. */
import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { expect, test } from 'vitest';
import { FragmentMeter, HEADER, stampedFragment } from '../../bench/relay-meter.ts';
import { Viewer } from '../../bench/relay-viewer.ts';

const FRAGMENT_BYTES = 20;
const segment = Buffer.concat([HEADER, ...[1, 2, 3].map((time) => stampedFragment(FRAGMENT_BYTES, time))]);

test.for([1, 7, 20, 33, 1000])('a meter that is handed pieces of %i bytes finds every fragment', (size) => {
  const meter = new FragmentMeter(FRAGMENT_BYTES);
  for (let at = 0; at < segment.length; at += size) {
    meter.take(segment, at, Math.min(at + size, segment.length), 10);
  }
  expect(meter.latencies).toEqual([9, 8, 7]);
});

interface Watched {
  readonly fragments: number;
  readonly error: string | undefined;
}

/** What a viewer makes of `answers`, one a connection, each written in pieces of `size` bytes. */
async function watch(answers: readonly Buffer[], size: number, segments: number): Promise<Watched[]> {
  const left = [...answers];
  const server = createServer((socket) => {
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.once('data', () => void answer(socket, left.shift() ?? Buffer.alloc(0), size));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const watched: Watched[] = [];
  const { promise, resolve } = Promise.withResolvers<void>();
  const viewer = new Viewer(origin, '', () => new FragmentMeter(FRAGMENT_BYTES), {
    ended: (_path, meter, error) => {
      watched.push({ fragments: meter.latencies.length, error: error?.message });
      if (watched.length === segments) resolve();
    },
  });
  for (let index = 0; index < segments; index += 1) viewer.ask(`/${index}`);
  await promise;
  viewer.close();
  server.close();
  return watched;
}

async function answer(socket: Socket, bytes: Buffer, size: number): Promise<void> {
  for (let at = 0; at < bytes.length; at += size) {
    socket.write(bytes.subarray(at, at + size));
    await new Promise(setImmediate);
  }
  socket.end();
}

const head = (...lines: string[]): Buffer =>
  Buffer.from(['HTTP/1.1 200 OK', 'Connection: close', ...lines, '', ''].join('\r\n'));
const chunk = (bytes: Buffer): Buffer =>
  Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')]);
const chunked = Buffer.concat([
  head('transfer-encoding: chunked'),
  chunk(segment.subarray(0, 40)),
  chunk(segment.subarray(40)),
  Buffer.from('0\r\n\r\n'),
]);

test.for([1, 5, 64, 1000])(
  'chunks, a length and the end of the connection end a response: pieces of %i bytes',
  async (size) => {
    const long = Buffer.concat([head(`Content-Length: ${segment.length}`), segment]);
    const whole = { fragments: 3, error: undefined };
    expect(await watch([chunked, long, Buffer.concat([head(), segment])], size, 3)).toEqual([whole, whole, whole]);
  },
);

test('what breaks off or is refused counts as an error', async () => {
  const refused = Buffer.from('HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n');
  expect(await watch([chunked.subarray(0, -5), refused], 1000, 2)).toEqual([
    { fragments: 3, error: 'the response was cut off' },
    { fragments: 0, error: 'GET answered 404' },
  ]);
});
