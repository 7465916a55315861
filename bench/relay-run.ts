import { setTimeout as sleep } from 'node:timers/promises';
import { Agent, request } from 'undici';
import { Crowd, type Watched } from './relay-crowd.ts';
import { HEADER, stampedFragment } from './relay-meter.ts';
import { cpuSeconds, residentMb } from './process-usage.ts';
import type { Target } from './relay-targets.ts';
import { monotonicMs } from './relay-viewer.ts';

/** One measurement: a stream of segments of a second, put to a target and watched by a crowd. */
export interface Load {
  readonly viewers: number;
  /** Of a fragment. */
  readonly bytes: number;
  readonly perSecond: number;
  /** Viewers besides, who stop reading as soon as they have asked. */
  readonly stalled: number;
  /**
   * When a segment is asked for: `early`, before its PUT opens, by all at once, with a pause between segments; or
   * `next`, as the segment before ends: what players do, and without a pause.
   */
  readonly asks: 'early' | 'next';
  readonly segments: number;
}

export interface Outcome {
  /** In milliseconds: of the first fragments of segments, and of those behind them. */
  readonly first: readonly number[];
  readonly later: readonly number[];
  readonly cpuSeconds: number;
  readonly residentMb: number;
  readonly errors: readonly string[];
}

const WARM_UP_SEGMENTS = 2;
const EARLY_MS = 200;

export async function measure(target: Target, stream: string, load: Load): Promise<Outcome> {
  const publisher = new Publisher(target, stream, load);
  const settings = {
    origin: target.url.origin,
    headers: Object.entries(target.headers)
      .map(([name, value]) => `${name}: ${value}\r\n`)
      .join(''),
    fragmentBytes: load.bytes,
  };
  const crowd = await Crowd.gather({ ...settings, viewers: load.viewers, stalled: false });
  const start = 1 + Math.floor(Math.random() * 1e6) * 100;
  await publisher.introduce(start);
  const numbers = Array.from({ length: WARM_UP_SEGMENTS + load.segments }, (_, index) => start + 1 + index);
  const watched: Promise<Watched>[] = [];
  const putting: Promise<void>[] = [];
  let cpuBefore = NaN;
  let opensAt = monotonicMs();
  if (load.asks === 'next') watched.push(...numbers.map((number) => crowd.watch(publisher.path(number))));
  for (const [index, number] of numbers.entries()) {
    opensAt = load.asks === 'next' ? opensAt + 1000 : monotonicMs() + EARLY_MS;
    if (load.asks === 'early') watched.push(crowd.watch(publisher.path(number)));
    if (index === WARM_UP_SEGMENTS) cpuBefore = cpuSeconds(target.pid);
    const stalled =
      load.stalled === 0 ? undefined : await Crowd.gather({ ...settings, viewers: load.stalled, stalled: true });
    void stalled?.watch(publisher.path(number));
    const put = publisher.put(number, opensAt);
    putting.push(put);
    await (load.asks === 'early' ? Promise.all([put, watched.at(-1)]) : until(opensAt));
    if (stalled !== undefined) putting.push(put.then(() => stalled.leave()));
  }
  await Promise.all(putting);
  const counted = (await Promise.all(watched)).slice(WARM_UP_SEGMENTS);
  const outcome: Outcome = {
    first: counted.flatMap(({ latencies }) => latencies[0] ?? []),
    later: counted.flatMap(({ latencies }) => latencies.slice(1).flat()),
    cpuSeconds: cpuSeconds(target.pid) - cpuBefore,
    residentMb: residentMb(target.pid),
    errors: counted.flatMap(({ errors }) => errors),
  };
  await Promise.all([crowd.leave(), publisher.close()]);
  return outcome;
}

/** @param time of the monotonic clock */
const until = (time: number): Promise<void> => sleep(Math.max(0, time - monotonicMs()));

class Publisher {
  readonly #target: Target;
  readonly #stream: string;
  readonly #load: Load;
  readonly #connections = new Agent();

  constructor(target: Target, stream: string, load: Load) {
    this.#target = target;
    this.#stream = stream;
    this.#load = load;
  }

  path(number: number): string {
    return `/${this.#stream}/chunk-stream0-${number}.m4s`;
  }

  /** An init segment, and a segment that tells the server which numbers are near. */
  async introduce(number: number): Promise<void> {
    const box = (type: string): Buffer => Buffer.concat([Buffer.from([0, 0, 0, 8]), Buffer.from(type)]);
    await this.#send(`/${this.#stream}/init-stream0.m4s`, Buffer.concat([box('ftyp'), box('moov')]));
    await this.#send(this.path(number), Buffer.from(HEADER));
  }

  /** Opens the PUT at a time of the monotonic clock, and writes its first fragment a fragment's duration later. */
  async put(number: number, opensAt: number): Promise<void> {
    const { bytes, perSecond } = this.#load;
    await until(opensAt);
    await this.#send(
      this.path(number),
      (async function* () {
        yield HEADER;
        for (let index = 1; index <= perSecond; index += 1) {
          await until(opensAt + (index * 1000) / perSecond);
          yield stampedFragment(bytes, monotonicMs());
        }
      })(),
    );
  }

  async close(): Promise<void> {
    await this.#connections.destroy();
  }

  async #send(path: string, body: Buffer | AsyncIterable<Uint8Array>): Promise<void> {
    const { headers } = this.#target;
    const url = new URL(path, this.#target.url);
    // undici takes async iterables too; its types know only of Node's streams.
    const answer = await request(url, { method: 'PUT', dispatcher: this.#connections, headers, body: body as Buffer });
    await answer.body.dump();
  }
}
