import { expect, test } from 'vitest';
import { eitherWay } from '../../agent/camera/way.ts';
import type { Failure } from '../../agent/media/failure.ts';
import type { FrameSink, TracksSource } from '../../agent/media/source.ts';
import { frameOf } from '../frames.ts';

const POEM: Failure = { kind: 'unusable', message: 'its SDP is a poem' };
const AWAY: Failure = { kind: 'unreachable', message: 'it is not there' };
const SINK: FrameSink = { config: () => {}, frame: () => {}, jump: () => {} };

/** Tells which way was taken, for as many runs as there are outcomes. */
async function ways(runs: readonly { readonly failure: Failure; readonly frames?: number }[]) {
  const taken: string[] = [];
  const said: string[] = [];
  let frames = 0;
  const by =
    (name: string): TracksSource =>
    async ([sink]) => {
      taken.push(name);
      for (let index = 0; index < frames; index += 1) sink!.frame(frameOf(index, true));
      return undefined;
    };
  const way = eitherWay({ client: by('client'), ffmpeg: by('FFmpeg'), say: (why) => said.push(why) });
  const atOnce: boolean[] = [];
  for (const run of runs) {
    frames = run.frames ?? 0;
    await way.source([SINK], new AbortController().signal);
    atOnce.push(way.goOver(run.failure));
  }
  return { taken, said, atOnce };
}

test('a camera that is not there is no reason to go another way', async () => {
  expect(await ways([{ failure: AWAY }, { failure: AWAY }])).toEqual({
    taken: ['client', 'client'],
    said: [],
    atOnce: [false, false],
  });
});

test('what the client can make no sense of is left to FFmpeg, at once and for good, and that is said once', async () => {
  const failures = [{ failure: POEM }, { failure: AWAY, frames: 1 }, { failure: POEM, frames: 0 }, { failure: AWAY }];
  expect(await ways(failures)).toEqual({
    taken: ['client', 'FFmpeg', 'FFmpeg', 'FFmpeg'],
    said: ['its SDP is a poem'],
    atOnce: [true, false, false, false],
  });
});

test('where FFmpeg has no picture either the client is asked again', async () => {
  expect((await ways([{ failure: POEM }, { failure: POEM }, { failure: AWAY }])).taken).toEqual([
    'client',
    'FFmpeg',
    'client',
  ]);
});

test('where FFmpeg has no picture either, why is what the client found out', async () => {
  const refused: Failure = { kind: 'credentials', message: '401, as FFmpeg has it of a scheme that it does not know' };
  const failing =
    (failure: Failure): TracksSource =>
    () =>
      Promise.resolve(failure);
  const way = eitherWay({ client: failing(POEM), ffmpeg: failing(refused), say: () => {} });
  const run = (): ReturnType<TracksSource> => way.source([SINK], new AbortController().signal);
  expect(await run()).toBe(POEM);
  expect(way.goOver(POEM)).toBe(true);
  expect(await run()).toBe(POEM);
});
