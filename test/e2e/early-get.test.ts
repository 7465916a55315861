/** What the whole of Fast-ll is for: a GET that comes before its segment, and gets each fragment as it is made. */
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fragment, segmentHeader } from '../../agent/cmaf/fragment.ts';
import { signToken } from '../../protocol/token.ts';
import { seconds, ticks, ticksOfSeconds } from '../../protocol/units.ts';
import { TEST_SECRET } from '../secret.ts';
import { fastLlWith, generated, type ConfiguredFastLl } from './support/streams.ts';
import { Viewer, type Segment } from './support/segments.ts';

let running: ConfiguredFastLl;
let origin: string;

beforeAll(async () => {
  running = await fastLlWith(
    [
      generated('tenths', { targetFps: '10', segmentDuration: '1', fragmentDuration: '0.1', alwaysOn: true }),
      generated('frames', { targetFps: '25', segmentDuration: '1', fragmentDuration: '0.04', alwaysOn: true }),
    ],
    { config: { secret: TEST_SECRET } },
  );
  origin = running.origin;
  for (const stream of ['tenths', 'frames']) {
    await using viewer = new Viewer(origin, stream);
    await viewer.whenState('live');
  }
});
afterAll(() => running[Symbol.asyncDispose]());

/** From each arrival to the next, in milliseconds. */
const gaps = ({ fragments }: Segment): number[] =>
  fragments.slice(1).map(({ arrivedAt }, index) => 1000 * (arrivedAt - fragments[index]!.arrivedAt));

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1]!;

describe('a camera at 1 s segments', () => {
  test('of 0.1 s fragments: a GET ahead of its time gets ten of them, a tenth of a second apart', async () => {
    await using viewer = new Viewer(origin, 'tenths');
    const segment = await viewer.segment(viewer.current + 1);
    expect(segment.fragments).toHaveLength(10);
    expect(gaps(segment).filter((gap) => gap > 50).length).toBeGreaterThanOrEqual(8);
    expect(median(segment.fragments.map(({ arrivedAt, time }) => arrivedAt - time))).toBeLessThan(0.3);
  });

  test('of a fragment per frame: a GET ahead of its time gets each frame as it is made', async () => {
    await using viewer = new Viewer(origin, 'frames');
    const segment = await viewer.segment(viewer.current + 1);
    expect(segment.fragments.length).toBeGreaterThanOrEqual(24);
    expect(gaps(segment).filter((gap) => gap > 20).length).toBeGreaterThanOrEqual(8);
    const sinceCapture = segment.fragments.map(({ arrivedAt, time }) => Math.round(1000 * (arrivedAt - time)));
    expect(median(sinceCapture), sinceCapture.join(' ')).toBeLessThan(150);
  });

  test('a GET in the middle gets what there is at once, then the rest as it is made', async () => {
    await using viewer = new Viewer(origin, 'tenths');
    const number = viewer.current + 1;
    await sleep((number + 0.55) * 1000 - Date.now());
    const askedAt = Date.now() / 1000;
    const segment = await viewer.segment(number);
    const there = segment.fragments.filter(({ time }) => time < askedAt - 0.2);
    const coming = segment.fragments.filter(({ time }) => time > askedAt);
    expect(there.length).toBeGreaterThanOrEqual(3);
    expect(coming.length).toBeGreaterThanOrEqual(2);
    expect(Math.max(...there.map(({ arrivedAt }) => arrivedAt - askedAt))).toBeLessThan(0.1);
    expect(Math.min(...coming.map(({ arrivedAt, time }) => arrivedAt - time))).toBeGreaterThan(0);
    expect(median(coming.map(({ arrivedAt, time }) => arrivedAt - time))).toBeLessThan(0.3);
  });
});

describe('from PUT to GET', () => {
  /** Any encoder: it puts segments of made-up frames, and notes when it wrote each fragment. */
  class Encoder {
    readonly #stream: string;
    constructor(stream: string) {
      this.#stream = stream;
    }

    async put(file: string, body: Uint8Array | Readable): Promise<void> {
      const exp = Date.now() / 1000 + 60;
      const token = await signToken({ sub: '*', scope: 'publish', exp }, TEST_SECRET);
      const headers = { authorization: `Bearer ${token}` };
      const answer = await request(new URL(`/${this.#stream}/${file}`, origin), { method: 'PUT', headers, body });
      expect(answer.statusCode, await answer.body.text()).toBe(201);
    }

    async putSegment(number: number, { fragments, apart }: { fragments: number; apart: number }): Promise<number[]> {
      const written: number[] = [];
      const pieces = async function* (): AsyncGenerator<Uint8Array> {
        yield segmentHeader();
        for (let index = 0; index < fragments; index += 1) {
          await sleep(apart);
          written.push(Date.now() / 1000);
          yield madeUpFragment(number, index, apart / 1000);
        }
      };
      await this.put(`chunk-stream0-${number}.m4s`, Readable.from(pieces()));
      return written;
    }
  }

  function madeUpFragment(number: number, index: number, duration: number): Uint8Array {
    const data = [new Uint8Array(5000).fill(index)];
    const time = ticksOfSeconds(seconds(number + index * duration));
    const place = { time, duration: ticksOfSeconds(seconds(duration)), compositionOffset: ticks(0) };
    const frame = { ...place, keyframe: index === 0, data, size: 5000 };
    return fragment({ sequenceNumber: index + 1, frames: [frame] });
  }

  test.for([
    ['0.1 s fragments', 'a', { fragments: 10, apart: 100 }],
    ['a fragment per frame', 'b', { fragments: 25, apart: 40 }],
  ] as const)('%s take a few milliseconds', async ([, stream, pace]) => {
    await using viewer = new Viewer(origin, stream);
    const encoder = new Encoder(stream);
    await encoder.put('init-stream0.m4s', await new Viewer(origin, 'tenths').init());
    const number = viewer.current;
    await encoder.putSegment(number, { fragments: 1, apart: 0 });

    const early = viewer.segment(number + 1);
    await sleep(200);
    const put = encoder.putSegment(number + 1, pace);
    await sleep(500);
    const inTheMiddle = viewer.segment(number + 1);
    const written = await put;
    const [first, second] = [await early, await inTheMiddle];

    const delays = first.fragments.map(({ arrivedAt }, index) => 1000 * (arrivedAt - written[index]!));
    expect(delays).toHaveLength(pace.fragments);
    expect(median(delays), `delays in ms: ${delays.map(Math.round).join(' ')}`).toBeLessThan(30);
    expect(gaps(first).filter((gap) => gap > pace.apart / 2).length).toBeGreaterThanOrEqual(8);
    expect(Buffer.compare(first.bytes, second.bytes)).toBe(0);
    const later = second.fragments.map(({ arrivedAt }, index) => 1000 * (arrivedAt - written[index]!)).slice(-4);
    expect(median(later), `delays in ms: ${later.map(Math.round).join(' ')}`).toBeLessThan(30);
  });
});
