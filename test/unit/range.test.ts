import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseRange, serveWhole } from '../../worker/segment/range.ts';

const content = fc.uint8Array({ minLength: 1, maxLength: 200 });
const position = fc.nat({ max: 250 });

const TAG = '"4-agent"';

const ask = (bytes: Uint8Array<ArrayBuffer>, range?: string, method = 'GET'): Response =>
  serveWhole(bytes, TAG, true, new Request('http://edge/', { method, headers: range === undefined ? {} : { range } }));

const bodyOf = async (response: Response): Promise<Uint8Array> => new Uint8Array(await response.arrayBuffer());

/** What RFC 9110, 14.1.2, says of a first and a last position. */
async function expectPart(response: Response, bytes: Uint8Array, first: number, last: number): Promise<void> {
  expect(response.status).toBe(206);
  expect(response.headers.get('content-range')).toBe(`bytes ${first}-${last}/${bytes.length}`);
  expect(response.headers.get('content-length')).toBe(String(last - first + 1));
  expect(await bodyOf(response)).toEqual(bytes.slice(first, last + 1));
}

async function expectWhole(response: Response, bytes: Uint8Array): Promise<void> {
  expect(response.status).toBe(200);
  expect(response.headers.get('content-range')).toBeNull();
  expect(response.headers.get('content-length')).toBe(String(bytes.length));
  expect(await bodyOf(response)).toEqual(bytes);
}

function expectNothing(response: Response, bytes: Uint8Array): void {
  expect(response.status).toBe(416);
  expect(response.headers.get('content-range')).toBe(`bytes */${bytes.length}`);
}

test('from one byte to another', async () => {
  await fc.assert(
    fc.asyncProperty(content, position, position, async (bytes, a, b) => {
      const [first, last] = [Math.min(a, b), Math.max(a, b)];
      const response = ask(bytes, `bytes=${first}-${last}`);
      if (first >= bytes.length) expectNothing(response, bytes);
      else await expectPart(response, bytes, first, Math.min(last, bytes.length - 1));
    }),
  );
});

test('from one byte on', async () => {
  await fc.assert(
    fc.asyncProperty(content, position, async (bytes, first) => {
      const response = ask(bytes, `bytes=${first}-`);
      if (first >= bytes.length) expectNothing(response, bytes);
      else await expectPart(response, bytes, first, bytes.length - 1);
    }),
  );
});

test('the last ones', async () => {
  await fc.assert(
    fc.asyncProperty(content, position, async (bytes, count) => {
      const response = ask(bytes, `bytes=-${count}`);
      if (count === 0) expectNothing(response, bytes);
      else await expectPart(response, bytes, Math.max(0, bytes.length - count), bytes.length - 1);
    }),
  );
});

test('several parts, other units and whatever is not understood get the whole', async () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  for (const range of [
    'bytes=0-0,2-3',
    'items=0-1',
    'bytes=-',
    'bytes=',
    'bytes=3-1',
    'bytes=a-b',
    'bytes 0-1',
    '0-1',
  ]) {
    await expectWhole(ask(bytes, range), bytes);
  }
  await expectWhole(ask(bytes), bytes);
});

test('no header is beyond it', () => {
  const digits = fc.stringMatching(/^bytes=[0-9]{0,30}-[0-9]{0,30}$/);
  fc.assert(
    fc.property(fc.oneof(fc.string(), digits), fc.nat({ max: 1000 }), (header, length) => {
      const range = parseRange(header, length);
      if (range === undefined || range === 'unsatisfiable') return;
      expect(range.first).toBeGreaterThanOrEqual(0);
      expect(range.last).toBeGreaterThanOrEqual(range.first);
      expect(range.last).toBeLessThan(length);
    }),
  );
});

test('of a segment without media no part can be had, but the whole', async () => {
  const empty = new Uint8Array();
  expectNothing(ask(empty, 'bytes=0-'), empty);
  expectNothing(ask(empty, 'bytes=-1'), empty);
  await expectWhole(ask(empty), empty);
});

test('HEAD is about the whole (RFC 9110, 14.2: Range is for GET)', async () => {
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const response = ask(bytes, 'bytes=0-1', 'HEAD');
  expect(response.status).toBe(200);
  expect(response.headers.get('content-length')).toBe('4');
  expect(await bodyOf(response)).toHaveLength(0);
});

test('who has it already is told so, and sent nothing', async () => {
  const asked = (tag: string): Request => new Request('http://edge/', { headers: { 'if-none-match': tag } });
  const bytes = Uint8Array.of(1, 2, 3, 4);
  const same = serveWhole(bytes, TAG, true, asked(TAG));
  expect([same.status, same.headers.get('etag')]).toEqual([304, TAG]);
  expect(await bodyOf(same)).toHaveLength(0);
  await expectWhole(serveWhole(bytes, TAG, true, asked('"4-another"')), bytes);
});

test('what may be replaced is not kept by anybody', () => {
  const keeping = (final: boolean): string | null =>
    serveWhole(Uint8Array.of(1), TAG, final, new Request('http://edge/')).headers.get('cache-control');
  expect(keeping(true)).toBe('private, max-age=60, immutable, no-transform');
  expect(keeping(false)).toBe('no-store, no-transform');
});
