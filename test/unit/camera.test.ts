/** A camera's life from its frames to the edge, with frames as a script has them and time as the test has it. */
import { pino } from 'pino';
import { describe, expect, onTestFinished, test } from 'vitest';
import { Camera } from '../../agent/camera/camera.ts';
import { streamsSchema } from '../../agent/config/schema.ts';
import type { Failure } from '../../agent/media/failure.ts';
import type { FrameSink, TracksSource } from '../../agent/media/source.ts';
import type { VideoConfig } from '../../agent/media/track.ts';
import { splitBoxes } from '../../protocol/boxes.ts';
import { milliseconds, ticks, ticksOfMilliseconds } from '../../protocol/units.ts';
import { HeardEdge, type HeardPut } from '../heard-edge.ts';
import { SimulatedClock } from '../simulated-clock.ts';

const CONFIG: VideoConfig = {
  ...{ kind: 'video', codec: 'h264', codecs: 'avc1.64001E', record: Uint8Array.of(1, 2, 3) },
  ...{ width: 320, height: 180, pixelAspect: { horizontal: 1, vertical: 1 } },
};
const RATE = 10;

/** One run of the camera, as the test plays it. */
class ScriptedRun {
  readonly signal: AbortSignal;
  readonly sinks: readonly FrameSink[];
  readonly #sink: FrameSink;
  readonly #clock: SimulatedClock;
  readonly #over = Promise.withResolvers<Failure | undefined>();

  constructor(sinks: readonly FrameSink[], signal: AbortSignal, clock: SimulatedClock) {
    this.signal = signal;
    this.sinks = sinks;
    this.#sink = sinks[0]!;
    this.#clock = clock;
    signal.addEventListener('abort', () => this.#over.resolve(undefined));
  }

  get over(): Promise<Failure | undefined> {
    return this.#over.promise;
  }

  config(): void {
    this.#sink.config(CONFIG);
  }

  frame(keyframe: boolean): void {
    const time = ticksOfMilliseconds(this.#clock.wall());
    this.#sink.frame({ time, compositionOffset: ticks(0), keyframe, data: [Uint8Array.of(1, 2)], size: 2 });
  }

  /** Frames for so long, a keyframe first and at each full second. */
  async frames(seconds: number): Promise<void> {
    for (let index = 0; index < seconds * RATE && !this.signal.aborted; index += 1) {
      this.frame(index === 0 || this.#clock.wall() % 1000 === 0);
      await this.#clock.advance(1000 / RATE);
    }
  }

  setClock(by: number): void {
    this.#clock.step(by);
    this.#sink.jump(ticksOfMilliseconds(milliseconds(by)));
  }

  fail(failure: Failure): void {
    this.#over.resolve(failure);
  }
}

async function scripted(settings: object = {}) {
  const edge = await HeardEdge.start();
  const clock = new SimulatedClock(Date.UTC(2026, 10, 22, 10, 0, 0));
  const [stream] = streamsSchema.parse([
    {
      ...{ name: 'Front', stream: 'front', type: 'GEN', targetFps: RATE, targetLatency: 0.5 },
      ...{ qualities: { video: [{ targetWidth: 320, targetBitrate: 500 }] }, ...settings },
    },
  ]);
  const runs: ScriptedRun[] = [];
  const source: TracksSource = (sinks, signal) => {
    const run = new ScriptedRun(sinks, signal, clock);
    runs.push(run);
    return run.over;
  };
  const over = new AbortController();
  const log = pino({ level: 'silent' });
  const camera = new Camera({
    ...{ stream: stream!, way: { source, goOver: () => false }, edge: edge.edge, clock, log, signal: over.signal },
    ...{ redact: (text: string) => text, summary: undefined },
  });
  const ended = camera.run();
  onTestFinished(async () => {
    over.abort();
    await clock.advance(5000);
    await ended;
    await edge[Symbol.asyncDispose]();
  });
  /** Lets time go by, and sockets do their work, until `condition` holds. */
  const until = async (condition: () => boolean, step = 0): Promise<void> => {
    for (let turns = 0; !condition(); turns += 1) {
      if (turns > 2000) throw new Error(`waited in vain: ${String(condition)}`);
      await clock.advance(step);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
  };
  const begun = async (number: number): Promise<ScriptedRun> => {
    await until(() => runs.length >= number);
    return runs[number - 1]!;
  };
  return { edge, clock, camera, runs, begun, until, stop: () => over.abort(), ended };
}

const types = ({ bytes }: HeardPut): string =>
  splitBoxes(bytes)
    .boxes.map(({ type }) => type)
    .join(' ');

test('is woken, told of, live, and its segments come', async () => {
  const { edge, camera, begun, until, clock } = await scripted();
  await until(() => edge.states.includes('idle'));
  expect(camera.status().state).toBe('idle');
  await edge.want();
  const run = await begun(1);
  expect(camera.status().state).toBe('starting');
  run.config();
  await run.frames(0.3);
  await until(() => edge.states.includes('live'));
  expect(edge.states).toEqual(['idle', 'starting', 'live']);
  const second = Math.floor(clock.wall() / 1000);
  await until(() => edge.segment(second).length > 0);
  expect(types(edge.segment(second)[0]!)).toMatch(/^styp( prft moof mdat)+$/);
});

test('stopped because nobody watches, it is not woken by the answer to its own last PUT', async () => {
  const { edge, camera, clock, runs, begun, until } = await scripted({ segmentDuration: 30 });
  edge.viewers = 1;
  await edge.want();
  const run = await begun(1);
  run.config();
  await run.frames(15);
  await until(() => camera.status().state === 'idle', 100);
  expect(run.signal.aborted).toBe(true);
  await until(() => edge.puts.every(({ state }) => state !== 'open'));
  await clock.advance(20_000);
  expect(camera.status().state).toBe('idle');
  expect(runs).toHaveLength(1);
});

test('woken again within the same segment, it shows at once: what was begun of it is no whole one', async () => {
  const { edge, camera, clock, begun, until } = await scripted({ segmentDuration: 30 });
  const number = Math.floor(clock.wall() / 30_000);
  await edge.want();
  const first = await begun(1);
  first.config();
  await first.frames(15);
  await until(() => camera.status().state === 'idle', 100);
  await until(() => edge.segment(number)[0]?.state !== 'open');
  expect(edge.segment(number).map(({ state }) => state)).toEqual(['broken off']);

  await edge.want();
  const second = await begun(2);
  second.config();
  await second.frames(0.2);
  await until(() => edge.segment(number).length === 2);
  const [before, again] = edge.segment(number);
  await until(() => types(again!).includes('mdat'));
  expect(again!.headers['fastll-writer']).not.toBe(before!.headers['fastll-writer']);
});

test.for([
  ['forward by 4 s', 4000],
  ['back by 4 s', -4000],
  ['back by an hour', -3_600_000],
] as const)('the wall clock is set %s: it starts anew at once, by the new time', async ([, by]) => {
  const { edge, clock, begun, until } = await scripted();
  await edge.want();
  const run = await begun(1);
  run.config();
  await run.frames(2);
  run.setClock(by);
  const second = await begun(2);
  const waited = clock.monotonic();
  second.config();
  await second.frames(0.2);
  const number = Math.floor(clock.wall() / 1000);
  await until(() => edge.segment(number).some((put) => types(put).includes('mdat')));
  expect(clock.monotonic() - waited).toBeLessThan(500);
});

test('a camera that says no is tried again later, and says why meanwhile', async () => {
  const { edge, camera, clock, runs, begun, until } = await scripted({ alwaysOn: true });
  (await begun(1)).fail({ kind: 'credentials', message: 'the camera refuses the user name or password' });
  await until(() => camera.status().state === 'waiting');
  expect(camera.status()).toMatchObject({ detail: 'the camera refuses the user name or password', restarts: 1 });
  await until(() => edge.states.includes('waiting'));
  await clock.advance(29_900);
  expect(runs).toHaveLength(1);
  await clock.advance(100);
  expect(runs).toHaveLength(2);
});

test('when the agent ends, what is whole is still delivered, and it is over soon', async () => {
  const { edge, clock, begun, until, stop, ended } = await scripted({ alwaysOn: true });
  const run = await begun(1);
  run.config();
  await run.frames(1.5);
  const whole = Math.floor(clock.wall() / 1000) - 1;
  stop();
  await until(() => edge.segment(whole)[0]?.state === 'whole');
  await clock.advance(2000);
  await ended;
});

describe('a quality that is made on demand', () => {
  test.each([
    [{ type: 'RTSP', input: 'rtsp://camera/' }],
    [{ type: 'GEN' }],
    [{ type: 'RTSP', input: 'rtsp://camera/', serverSideRepresentationSwitching: true }],
  ])('is refused without a copied one beside it: %o', (settings) => {
    const video = [{ targetWidth: 320, targetBitrate: 500, onDemand: true }];
    const { error } = streamsSchema.safeParse([{ name: '', stream: 'front', ...settings, qualities: { video } }]);
    expect(error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)).toEqual([
      '0.qualities.video.0.onDemand: expected a quality with "copy" beside one that is made on demand, got none',
    ]);
  });

  async function watched() {
    const camera = await scripted({
      ...{ type: 'RTSP', input: 'rtsp://camera/', alwaysOn: true },
      qualities: { video: [{ copy: true }, { targetWidth: 320, targetBitrate: 500, onDemand: true }] },
    });
    const run = await camera.begun(1);
    const made = run.sinks[1]!;
    const frame = (keyframe: boolean): void => {
      const time = ticksOfMilliseconds(camera.clock.wall());
      made.frame({ time, compositionOffset: ticks(0), keyframe, data: [Uint8Array.of(1, 2)], size: 2 });
    };
    return { ...camera, run, made, frame, isWanted: () => made.onDemand?.isWanted() };
  }

  test('is wanted for 15 s and a segment after somebody asked for it, and is no affair of the others', async () => {
    const { edge, run, clock, until, isWanted } = await watched();
    expect(run.sinks[0]!.onDemand).toBeUndefined();
    expect(isWanted()).toBe(false);
    await edge.want();
    await edge.want('1');
    await until(() => isWanted() === true);
    await clock.advance(15_900);
    expect(isWanted()).toBe(true);
    await clock.advance(200);
    expect(isWanted()).toBe(false);
  });

  test('stays wanted while its segments have viewers, and is not woken by the answer to its last PUT', async () => {
    const { edge, clock, made, frame, until, isWanted } = await watched();
    made.config(CONFIG);
    await edge.want('1');
    await until(() => isWanted() === true);
    edge.viewers = 1;
    for (let index = 0; index < 250; index += 1) {
      frame(clock.wall() % 1000 === 0);
      await clock.advance(100);
      // Answers come over real sockets.
      if (index % 10 === 9) await new Promise((resolve) => setTimeout(resolve, 10));
    }
    expect(isWanted()).toBe(true);
    edge.viewers = 0;
    await clock.advance(17_000);
    expect(isWanted()).toBe(false);
    made.onDemand?.pause();
    edge.viewers = 1;
    const second = Math.floor(clock.wall() / 1000) + 1;
    await clock.advance(second * 1000 - clock.wall());
    for (let index = 0; index < 11; index += 1) {
      frame(index % 10 === 0);
      await clock.advance(100);
    }
    await until(() => edge.segment(second, 1).some(({ state }) => state === 'whole'));
    await clock.advance(100);
    expect(isWanted()).toBe(false);
  });

  test('breaks off when it is stopped, and goes on within the same segment, described as before', async () => {
    const { edge, clock, run, made, frame, until } = await watched();
    run.config();
    made.config(CONFIG);
    await run.frames(0.3);
    await until(() => edge.states.includes('live'));
    const described = (): number => edge.messages.filter(({ type }) => type === 'announce').length;
    const before = described();
    const second = Math.floor(clock.wall() / 1000);
    frame(true);
    frame(false);
    await clock.advance(100);
    frame(false);
    await until(() => edge.segment(second, 1)[0]?.bytes.length !== undefined);
    made.onDemand?.pause();
    await until(() => edge.segment(second, 1)[0]?.state === 'broken off');
    expect(edge.segment(second)[0]?.state).toBe('open');
    await clock.advance(200);
    made.config(CONFIG);
    frame(true);
    await until(() => edge.segment(second, 1).length === 2);
    expect(described()).toBe(before);
  });
});
