/** How long and how much a segment takes: silence, the time-shift window, viewers. */
import { afterEach, describe, expect, test, vi } from 'vitest';
import { arrivalAt } from '../../worker/arrival.ts';
import { getRequest } from '../../worker/segment/request.ts';
import { MAX_READERS } from '../../worker/segment/state.ts';
import { VIEWERS_HEADER } from '../../protocol/headers.ts';
import { milliseconds, seconds } from '../../protocol/units.ts';
import { CLOSING_MS, Encoder, getOf, insideSegment, pass, PATIENCE, Reader, settled, stopTime } from './encoder.ts';
import { DESCRIPTION, liveStream, numberNow, passTime, placeOf, putWhole, until } from './support.ts';

afterEach(() => {
  vi.useRealTimers();
});

describe('a PUT that says nothing', () => {
  test('for longer than any encoder that is well counts as broken off, and is told so', async () => {
    stopTime();
    await insideSegment(async (segment) => {
      const put = new Encoder(segment, 'agent-1');
      put.write('one ');
      const viewer = await Reader.open(segment);
      await settled();
      await pass(PATIENCE.alone);
      put.write('two ');
      await settled();
      await pass(PATIENCE.alone);
      expect(viewer.text).toBe('one two ');
      await pass(PATIENCE.alone / 4);
      const answer = await put.answer;
      expect(answer.status).toBe(408);
      expect(await answer.json()).toEqual({ error: 'expected more of the body, or its end, got nothing for 10 s' });
      const again = new Encoder(segment, 'agent-1');
      again.write('one two three ');
      expect((await again.end()).status).toBe(201);
      await pass(CLOSING_MS);
      expect([await viewer.end, viewer.text]).toEqual(['whole', 'one two three ']);
    });
  });

  test('and is not sent again: who watches fails', async () => {
    stopTime();
    await insideSegment(async (segment) => {
      const put = new Encoder(segment, 'agent-1');
      const viewer = await Reader.open(segment);
      await pass(PATIENCE.alone * 1.25);
      expect((await put.answer).status).toBe(408);
      await pass(4000);
      expect(await viewer.end).toBe('cut off');
      expect((await getOf(segment)).status).toBe(404);
    });
  });
});

describe('the time-shift window', () => {
  const WINDOW = milliseconds(30_000);
  const mediaEnd = (number: number): number => (number + 1) * DESCRIPTION.segmentDuration * 1000;

  test('of an announced stream ends by the clock, whenever its segment was put', async () => {
    const { name } = await liveStream();
    const number = numberNow();
    const { path, object } = placeOf(name, number);
    stopTime();
    const put = Date.now();
    await putWhole(path, 'one ');
    await until(() => vi.getTimerCount() > 0);
    const left = mediaEnd(number) + DESCRIPTION.timeShift * 1000 - put;
    await passTime(object, left - 500);
    await insideSegment(async (segment) => expect((await getOf(segment)).status).toBe(200), { path, object });
    await passTime(object, 500);
    await insideSegment(async (segment) => expect((await getOf(segment)).status).toBe(404), { path, object });
  });

  test('that ends lets go of the bytes: who has not read them by then is cut off', async () => {
    stopTime();
    await insideSegment(async (segment) => {
      const put = new Encoder(segment, 'agent-1', { window: WINDOW });
      const early = await getOf(segment);
      put.write('x'.repeat(1_000_000));
      await put.end();
      const late = await getOf(segment);
      await pass(WINDOW - 1);
      const whole = await Reader.open(segment);
      expect(await whole.end).toBe('whole');
      await pass(1);
      for (const response of [early, late]) expect(await new Reader(response).end).toBe('cut off');
      const answer = await getOf(segment);
      expect([answer.status, answer.headers.get('cache-control')]).toEqual([404, 'no-store']);
      expect((await new Encoder(segment, 'agent-2').answer).status).toBe(409);
    });
  });

  test('that ends leaves no timer behind: a pending one keeps the object, and is paid for', async () => {
    stopTime();
    await insideSegment(async (segment) => {
      await new Encoder(segment, 'agent-1', { window: WINDOW }).end();
      await pass(WINDOW - 1);
      expect(vi.getTimerCount()).toBe(1);
      await pass(1);
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  test('of a segment that was deleted is over', async () => {
    stopTime();
    await insideSegment(async (segment) => {
      await new Encoder(segment, 'agent-1', { window: WINDOW }).end();
      await pass(CLOSING_MS);
      segment.remove(arrivalAt(milliseconds(Date.now())));
      expect(vi.getTimerCount()).toBe(0);
    });
  });

  test('of an hour is kept by timers of which none is longer than a quarter of one', async () => {
    stopTime();
    const HOUR = milliseconds(3_600_000);
    const timers = vi.spyOn(globalThis, 'setTimeout');
    await insideSegment(async (segment) => {
      await new Encoder(segment, 'agent-1', { window: HOUR }).end();
      await pass(HOUR - 1);
      expect((await getOf(segment)).status).toBe(200);
      await pass(1);
      expect((await getOf(segment)).status).toBe(404);
    });
    expect(Math.max(...timers.mock.calls.map(([, ms]) => ms ?? 0))).toBeLessThanOrEqual(15 * 60_000);
    timers.mockRestore();
  });

  test('that ends while its PUT goes on ends that, and those who wait for it', async () => {
    stopTime();
    await insideSegment(async (segment) => {
      const put = new Encoder(segment, 'agent-1', { window: WINDOW });
      const spare = new Encoder(segment, 'agent-2', { window: WINDOW });
      put.write('one ');
      const viewer = await Reader.open(segment);
      await settled();
      for (let waited = 0; waited < WINDOW; waited += 1000) {
        put.write('.');
        await pass(1000);
      }
      expect((await put.answer).status).toBe(404);
      expect((await spare.answer).status).toBe(409);
      expect(await viewer.end).toBe('cut off');
    });
  });

  test('is that of the last PUT', async () => {
    stopTime();
    await insideSegment(async (segment) => {
      const terms = { precedence: 'last wins', window: WINDOW } as const;
      await new Encoder(segment, 'run-1', terms).end();
      await pass(WINDOW - 1000);
      await new Encoder(segment, 'run-2', terms).end();
      await pass(WINDOW - 1);
      expect((await getOf(segment)).status).toBe(200);
      await pass(1);
      expect((await getOf(segment)).status).toBe(404);
      // An encoder that numbers as it likes may come back to a number.
      await new Encoder(segment, 'run-3', terms).end();
      expect((await getOf(segment)).status).toBe(200);
    });
  });
});

describe('viewers of one segment', () => {
  test(
    `may be ${MAX_READERS} at a time: of those who are held the first makes room for the next`,
    { timeout: 60_000 },
    () =>
      insideSegment(async (segment) => {
        const held = Array.from({ length: MAX_READERS }, () => getOf(segment));
        const next = getOf(segment);
        const refused = await held[0]!;
        expect([refused.status, refused.headers.get('cache-control')]).toEqual([503, 'no-store']);
        expect(await refused.json()).toEqual({
          error: 'expected at most 5000 viewers of a segment at a time, got one more',
        });
        const put = new Encoder(segment, 'agent-1');
        const [first, second, ...others] = await Promise.all([...held.slice(1), next]);
        expect(others.every(({ status }) => status === 200)).toBe(true);
        expect((await getOf(segment)).status).toBe(503);
        await first?.body?.cancel();
        expect((await getOf(segment)).status).toBe(200);
        put.write('one ');
        await put.end();
        // All but the first have it still to read.
        expect((await getOf(segment)).status).toBe(503);
        await second?.arrayBuffer();
        expect((await getOf(segment)).status).toBe(200);
      }),
  );

  test('of whom one has all places make room for another one', { timeout: 60_000 }, () =>
    insideSegment(async (segment) => {
      const request = new Request('https://edge.test/');
      const getBy = (viewer: string): Promise<Response> =>
        segment.fetch(getRequest(request, { hold: milliseconds(60_000), viewer }));
      const greedy = Array.from({ length: MAX_READERS }, () => getBy('192.0.2.1'));
      const put = new Encoder(segment, 'agent-1');
      put.write('one ');
      const [first] = await Promise.all(greedy);
      const reader = new Reader(first!);
      const other = await getBy('192.0.2.2');
      expect(other.status).toBe(200);
      expect(await reader.end).toBe('cut off');
      expect((await getBy('192.0.2.1')).status).toBe(503);
      await put.end();
      expect(await new Reader(other).end).toBe('whole');
    }),
  );

  test('who are held and leave take no place from then on', async () => {
    stopTime();
    await insideSegment(async (segment) => {
      const request = getRequest(new Request('https://edge.test/'), { hold: milliseconds(60_000), call: 'a call' });
      const held = segment.fetch(request);
      await settled();
      expect(vi.getTimerCount()).toBe(1);
      segment.leave('a call');
      segment.leave('another call');
      expect((await held).status).toBe(503);
      expect(vi.getTimerCount()).toBe(0);
      const put = new Encoder(segment, 'agent-1');
      expect((await put.end()).headers.get(VIEWERS_HEADER)).toBe('0');
    });
  });

  test('who were held in vain take no place', async () => {
    stopTime();
    await insideSegment(async (segment) => {
      const held = Array.from({ length: 100 }, () => getOf(segment, {}, seconds(3)));
      await pass(3000);
      for (const one of held) expect((await one).status).toBe(404);
    });
  });
});
