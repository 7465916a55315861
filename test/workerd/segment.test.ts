/** One segment: a PUT that is written piece by piece, and those who GET it before, while and after. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { END_HEADER, VIEWERS_HEADER, WRITER_HEADER } from '../../protocol/headers.ts';
import {
  anything,
  ask,
  askEdgeWith,
  dueSegment,
  exists,
  liveStream,
  numberNow,
  passTime,
  pending,
  placeOf,
  pushedStream,
  Put,
  putWhole,
  until,
  untilExists,
  Viewer,
  watching,
} from './support.ts';

afterEach(() => {
  vi.useRealTimers();
});

const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
  ask(path, { headers: { ...watching, ...headers } });

/** Readable, and more of it than the runtime passes on in one piece. */
const letters = (length: number, from = 0): string =>
  Array.from({ length }, (_, index) => String.fromCharCode(97 + ((from + index * 7) % 26))).join('');

const hex = (text: string): string =>
  Array.from(text, (letter) => letter.charCodeAt(0).toString(16).padStart(2, '0')).join('');

describe('watching', () => {
  test('one who comes first is held, and gets each fragment as it is made', async () => {
    const { path, object } = await dueSegment();
    const early = Viewer.open(path);
    await untilExists(object);
    const put = new Put(path);
    const viewer = await early;
    expect(viewer.response.status).toBe(200);
    expect(viewer.response.headers.get('content-type')).toBe('video/mp4');
    expect(viewer.response.headers.get('cache-control')).toBe('no-store, no-transform');
    await put.write('one ');
    await viewer.receives('one ');
    await put.write('two ');
    await viewer.receives('one two ');
    expect((await put.end()).status).toBe(201);
    expect(await viewer.whole()).toBe('one two ');
  });

  test.for([4, 50_000])(
    'one who comes in the middle gets all there is without waiting for more: %i bytes',
    async (n) => {
      const { path } = await dueSegment();
      const put = new Put(path);
      const [first, second] = [letters(n), letters(n, n)];
      await put.write(first);
      const viewer = await Viewer.open(path);
      // Nothing more is written until this has come.
      await viewer.receives(first);
      await put.write(second);
      await viewer.receives(first + second);
      await put.end();
      expect(await viewer.whole()).toBe(first + second);
    },
  );

  test('one who comes just as the first fragment does has it before the second is made', async () => {
    const { name } = await liveStream();
    for (let i = 0; i < 20; i += 1) {
      const { path } = placeOf(name, numberNow(), String(i % 2));
      const put = new Put(path);
      const [viewer] = await Promise.all([Viewer.open(path), put.write('one ')]);
      await viewer.receives('one ');
      await put.end();
      expect(await viewer.whole()).toBe('one ');
      await ask(path, { method: 'DELETE', headers: anything });
    }
  });

  test('one who comes when it is complete gets it whole, and how long it is', async () => {
    const { path } = await dueSegment();
    await putWhole(path, letters(300_000));
    const late = await get(path);
    expect(late.status).toBe(200);
    expect(late.headers.get('content-length')).toBe('300000');
    expect(late.headers.get('accept-ranges')).toBe('bytes');
    expect(late.headers.get('cache-control')).toMatch(/^private, .*immutable/);
    expect(await late.text()).toBe(letters(300_000));
  });

  test('one who has it already is told so', async () => {
    const { path } = await dueSegment();
    await putWhole(path, 'one ');
    const { headers } = await get(path);
    const etag = headers.get('etag') ?? '';
    expect(etag).toMatch(/^".+"$/);
    for (const has of [etag, `W/${etag}`, `"another", ${etag}`, '*']) {
      const again = await get(path, { 'if-none-match': has });
      expect([again.status, await again.text()], has).toEqual([304, '']);
      for (const name of ['etag', 'cache-control']) expect(again.headers.get(name)).toBe(headers.get(name));
    }
    expect((await get(path, { 'if-none-match': '"another"' })).status).toBe(200);
  });

  test('everyone gets the same bytes, whenever they come', async () => {
    const { path, object } = await dueSegment();
    const first = Viewer.open(path);
    await untilExists(object);
    const put = new Put(path);
    const viewers = [first];
    let sent = '';
    for (let i = 0; i < 30; i += 1) {
      viewers.push(Viewer.open(path), Viewer.open(path));
      const piece = letters(1 + ((i * 7919) % 60_000), i);
      await put.write(piece);
      sent += piece;
    }
    await put.end();
    viewers.push(Viewer.open(path));
    for (const viewer of await Promise.all(viewers)) expect((await viewer.whole()) === sent).toBe(true);
  });

  test('one who stalls holds nobody up', async () => {
    const { path } = await dueSegment();
    const put = new Put(path);
    const stalled = await Viewer.open(path);
    await put.write('one ');
    const stalledLate = await Viewer.open(path);
    const viewer = await Viewer.open(path);
    const piece = letters(500_000);
    for (let i = 0; i < 8; i += 1) await put.write(piece);
    await viewer.receives(`one ${piece.repeat(8)}`);
    await put.end();
    // It finds everything when it goes on.
    await stalled.receives(`one ${piece.repeat(8)}`);
    await stalledLate.receives(`one ${piece.repeat(8)}`);
  });

  test('one who leaves disturbs nobody', async () => {
    const { path } = await dueSegment();
    const put = new Put(path);
    const leaver = await get(path);
    const stayer = await Viewer.open(path);
    await put.write('one ');
    const lateLeaver = await get(path);
    await leaver.body?.cancel();
    await lateLeaver.body?.cancel();
    await put.write('two ');
    await stayer.receives('one two ');
    expect((await put.end()).status).toBe(201);
    expect(await stayer.whole()).toBe('one two ');
  });

  test('a segment without media answers those who wait for it', async () => {
    const { path, object } = await dueSegment();
    const early = Viewer.open(path);
    await untilExists(object);
    expect((await new Put(path).end()).status).toBe(201);
    expect(await (await early).whole()).toBe('');
    expect((await get(path)).headers.get('content-length')).toBe('0');
  });

  test('the agent learns how many watch', async () => {
    const { path, object } = await dueSegment();
    const early = Viewer.open(path);
    await untilExists(object);
    const put = new Put(path, 'writer');
    await early;
    await put.write('one ');
    await Viewer.open(path);
    await ask(path, { method: 'HEAD', headers: watching });
    expect((await put.end()).headers.get(VIEWERS_HEADER)).toBe('2');
    await ask(path, { method: 'HEAD', headers: watching });
    await (await get(path)).text();
    expect((await putWhole(path, 'one ', 'writer')).headers.get(VIEWERS_HEADER)).toBe('3');
  });
});

describe('parts and heads', () => {
  test.for([
    ['bytes=0-3', 'abcd', 'bytes 0-3/10'],
    ['bytes=4-', 'efghij', 'bytes 4-9/10'],
    ['bytes=-3', 'hij', 'bytes 7-9/10'],
    ['bytes=8-100', 'ij', 'bytes 8-9/10'],
  ] as const)('%s of a complete segment is %s', async ([range, part, contentRange]) => {
    const { path } = await dueSegment();
    await putWhole(path, 'abcdefghij');
    const response = await get(path, { range });
    expect(response.status).toBe(206);
    expect(response.headers.get('content-range')).toBe(contentRange);
    expect(response.headers.get('content-length')).toBe(String(part.length));
    expect(await response.text()).toBe(part);
  });

  test('a part of other bytes than one has the beginning of is the whole', async () => {
    const { path } = await dueSegment();
    await putWhole(path, 'abcdefghij');
    const etag = (await get(path)).headers.get('etag') ?? '';
    const range = 'bytes=0-3';
    expect(await (await get(path, { range, 'if-range': etag })).text()).toBe('abcd');
    for (const other of ['"another"', 'Sun, 22 Nov 2026 12:00:00 GMT']) {
      const response = await get(path, { range, 'if-range': other });
      expect([response.status, await response.text()]).toEqual([200, 'abcdefghij']);
    }
  });

  test('a part behind the end is not satisfiable', async () => {
    const { path } = await dueSegment();
    await putWhole(path, 'abcdefghij');
    const response = await get(path, { range: 'bytes=10-' });
    expect(response.status).toBe(416);
    expect(response.headers.get('content-range')).toBe('bytes */10');
  });

  test('of a segment that is being made, any part is the whole: nobody knows yet how long it is', async () => {
    const { path } = await dueSegment();
    const put = new Put(path);
    await put.write('abcd');
    const viewer = await Viewer.open(path, { ...watching, range: 'bytes=0-1' });
    expect(viewer.response.status).toBe(200);
    await viewer.receives('abcd');
    await put.end();
  });

  test('HEAD says what GET would, without a body', async () => {
    const { path } = await dueSegment();
    const put = new Put(path);
    await put.write('abcd');
    const open = await ask(path, { method: 'HEAD', headers: watching });
    expect([open.status, open.headers.get('content-length')]).toEqual([200, null]);
    await put.end();
    const complete = await ask(path, { method: 'HEAD', headers: watching });
    expect([complete.status, complete.headers.get('content-length')]).toEqual([200, '4']);
    expect(await complete.text()).toBe('');
  });
});

describe('several PUTs', () => {
  test('sent again while the first one hangs, it goes on where that one stopped', async () => {
    const { path } = await dueSegment();
    const hanging = new Put(path, 'agent-1');
    await hanging.write('one ');
    const [viewer, late] = [await Viewer.open(path), await Viewer.open(path)];
    await viewer.receives('one ');
    const again = new Put(path, 'agent-1');
    await again.write('one two ');
    await viewer.receives('one two ');
    // The one that hangs is told without sending another byte.
    expect((await hanging.response).status).toBe(409);
    await again.write('three ');
    expect((await again.end()).status).toBe(201);
    for (const each of [viewer, late]) expect(await each.whole()).toBe('one two three ');
  });

  test('sent again with other bytes, it is refused, and nobody takes what there was for complete', async () => {
    const { path } = await dueSegment();
    const hanging = new Put(path, 'agent-1');
    await hanging.write('one two ');
    const viewer = await Viewer.open(path);
    await viewer.receives('one two ');
    const again = new Put(path, 'agent-1');
    await again.write('one 2');
    const answer = await again.end();
    expect(answer.status).toBe(400);
    expect(await answer.json()).toEqual({ error: expect.stringContaining('has to begin with the bytes sent before') });
    await expect(viewer.whole()).rejects.toThrow('the PUT was different');
    expect((await get(path)).status).toBe(404);
  });

  test('sent again and shorter, it is refused', async () => {
    const { path } = await dueSegment();
    await new Put(path, 'agent-1').write('one two ');
    await (await Viewer.open(path)).receives('one two ');
    expect((await putWhole(path, 'one ', 'agent-1')).status).toBe(400);
  });

  test('sent again when it was complete, nothing is missing', async () => {
    const { path } = await dueSegment();
    await putWhole(path, 'one ', 'agent-1');
    expect((await putWhole(path, 'one ', 'agent-1')).status).toBe(201);
    expect(await (await get(path)).text()).toBe('one ');
  });

  test('an encoder that numbers as it likes may have restarted: its last PUT wins', async () => {
    const { path } = placeOf(await pushedStream(), 1);
    await putWhole(path, 'one ');
    const first = await get(path);
    expect(first.headers.get('cache-control')).toBe('no-store, no-transform');
    expect(await first.text()).toBe('one ');
    const again = new Put(path);
    await again.write('another ');
    // What is complete has a length.
    await until(async () => {
      const head = await ask(path, { method: 'HEAD', headers: watching });
      return !head.headers.has('content-length');
    });
    const viewer = await Viewer.open(path);
    await viewer.receives('another ');
    const third = new Put(path);
    await third.write('a third ');
    await expect(viewer.whole()).rejects.toThrow('another encoder took over');
    expect((await again.response).status).toBe(409);
    expect((await third.end()).status).toBe(201);
    expect(await (await get(path)).text()).toBe('a third ');
  });

  test('a segment beyond all measure is refused, and nobody takes its beginning for complete', async () => {
    const { path } = await dueSegment();
    const put = new Put(path);
    const viewer = await Viewer.open(path);
    const fails = expect(viewer.whole()).rejects.toThrow('the PUT was too large');
    const mebibyte = new Uint8Array(1024 * 1024);
    for (let i = 0; i < 32; i += 1) await put.write(mebibyte);
    await put.write(new Uint8Array(1)).catch(() => {});
    expect((await put.end()).status).toBe(413);
    await fails;
    expect((await get(path)).status).toBe(404);
  });
});

describe('a PUT that says what it ends with', () => {
  const said = (end: string) => ({ ...anything, [WRITER_HEADER]: 'agent-1', [END_HEADER]: hex(end) });

  test('is whole when it does', async () => {
    const { path } = await dueSegment();
    const put = new Put(path, undefined, said('the end.'));
    await put.write('one the e');
    await put.write('nd.');
    expect((await put.end()).status).toBe(201);
    expect(await (await get(path)).text()).toBe('one the end.');
  });

  test.for(['', 'one ', 'the en', 'one the end', 'one the end. two '])(
    'was cut when it does not, however cleanly it ended: «%s»',
    async (body) => {
      const { path } = await dueSegment();
      const cut = new Put(path, undefined, said('the end.'));
      const viewer = await Viewer.open(path);
      if (body !== '') await cut.write(body);
      expect((await cut.end()).status).toBe(400);
      const again = new Put(path, undefined, said('the end.'));
      await again.write(`${body}; this is the end.`);
      expect((await again.end()).status).toBe(201);
      expect(await viewer.whole()).toBe(`${body}; this is the end.`);
    },
  );

  test('goes on when it is cut behind less than there is', async () => {
    const { path } = await dueSegment();
    const hanging = new Put(path, undefined, said('the end.'));
    await hanging.write('one two ');
    const viewer = await Viewer.open(path);
    await viewer.receives('one two ');
    const cut = new Put(path, undefined, said('the end.'));
    await cut.write('one ');
    expect((await cut.end()).status).toBe(400);
    const again = new Put(path, undefined, said('the end.'));
    await again.write('one two the end.');
    expect((await again.end()).status).toBe(201);
    expect(await viewer.whole()).toBe('one two the end.');
  });

  test.for(['', 'abc', 'no hex at all...', '00'.repeat(7), '00'.repeat(129)])(
    'has to say it right: «%s»',
    async (end) => {
      const { path } = await dueSegment();
      const answer = await ask(path, { method: 'PUT', headers: { ...anything, [END_HEADER]: end }, body: 'one ' });
      expect(answer.status).toBe(400);
      expect(await answer.json()).toEqual({ error: `expected ${END_HEADER} to be 8 to 128 bytes in hex` });
    },
  );
});

describe('a segment that does not come', () => {
  test('is waited for until two seconds after its end', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    const { name } = await liveStream();
    const number = numberNow();
    const { path, object } = placeOf(name, number);
    vi.setSystemTime((number * 60 + 54) * 1000);
    const waiting = get(path);
    await until(() => vi.getTimerCount() > 0);
    await passTime(object, 7999);
    expect(await pending(waiting)).toBe(true);
    await passTime(object, 1);
    const response = await waiting;
    expect(response.status).toBe(404);
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({ error: 'this segment has not arrived' });
  });

  test('is not waited for when it should long be there', async () => {
    const { name } = await liveStream();
    const response = await get(placeOf(name, numberNow() - 2).path);
    expect(response.status).toBe(404);
    expect(await response.json()).toEqual({ error: 'this segment has not arrived' });
    expect(response.headers.get('cache-control')).toBe('no-store');
  });

  test('is not waited for where the edge is configured so', async () => {
    const { path } = await dueSegment();
    const response = await askEdgeWith({ WAIT_FOR_ABSENT_SEGMENT: 'false' }, path, { headers: watching });
    expect(response.status).toBe(404);
    expect(response.headers.get('cache-control')).toBe('no-store');
  });
});

describe('DELETE', () => {
  const remove = (path: string): Promise<Response> => ask(path, { method: 'DELETE', headers: anything });

  test('of a complete segment makes room for another', async () => {
    const { path } = await dueSegment();
    await putWhole(path, 'one ', 'agent-1');
    expect((await remove(path)).status).toBe(204);
    const waiting = Viewer.open(path);
    await putWhole(path, 'two ', 'agent-2');
    expect(await (await waiting).whole()).toBe('two ');
  });

  test('of one that is being made fails who watches it, and its PUT', async () => {
    const { path } = await dueSegment();
    const put = new Put(path);
    await put.write('one ');
    const viewer = await Viewer.open(path);
    await viewer.receives('one ');
    expect((await remove(path)).status).toBe(204);
    await expect(viewer.whole()).rejects.toThrow('the segment was deleted');
    expect((await put.response).status).toBe(409);
  });

  test('of one that was never there is no error', async () => {
    const { path } = await dueSegment();
    expect((await remove(path)).status).toBe(204);
  });
});

test('the PUT of a segment brings the objects of the next ones into being, ahead of their viewers', async () => {
  const { name } = await liveStream();
  const number = numberNow();
  const put = new Put(placeOf(name, number).path);
  await untilExists(placeOf(name, number + 1).object);
  await untilExists(placeOf(name, number + 2).object);
  expect(await exists(placeOf(name, number + 3).object)).toBe(false);
  await put.end();
});
