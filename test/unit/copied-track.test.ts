import { pino } from 'pino';
import { describe, expect, test } from 'vitest';
import { CopiedTrack } from '../../agent/camera/copied-track.ts';
import { StreamFacts } from '../../agent/camera/stream-facts.ts';
import { avcConfig, avcRecord } from '../../agent/cmaf/avc.ts';
import { parameterSetsOf } from '../../agent/cmaf/record-sets.ts';
import type { Failure } from '../../agent/media/failure.ts';
import type { Frame } from '../../agent/media/frame.ts';
import type { VideoConfig } from '../../agent/media/track.ts';
import type { StreamName } from '../../protocol/names.ts';
import { frameOf } from '../frames.ts';
import { recordedCamera } from '../recorded-camera.ts';

const SECOND = 90_000;
const { config } = recordedCamera();

function track() {
  const frames: Frame[] = [];
  const configs: VideoConfig[] = [];
  const refused: Failure[] = [];
  const warned: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => warned.push(JSON.parse(line).msg) });
  const copied = new CopiedTrack({
    ...{ stream: 'front' as StreamName, log },
    sink: { config: (one) => configs.push(one), frame: (frame) => frames.push(frame), jump: () => {} },
    onRefused: (failure) => refused.push(failure),
  });
  return { copied, frames, configs, refused, warned };
}

test('goes through as it is', () => {
  const { copied, frames, configs } = track();
  copied.config(config);
  const sent = [frameOf(0, true), frameOf(3600), frameOf(7200)];
  for (const frame of sent) copied.frame(frame);
  expect(configs).toEqual([config]);
  expect(frames).toEqual(sent);
});

test('parameter sets that change are in the stream, too, from then on: for those who have the older ones', () => {
  const { copied, frames, configs } = track();
  copied.config(config);
  copied.frame(frameOf(0, true));
  const [sps, pps] = parameterSetsOf(config).map((set) => set.subarray(4));
  const other = avcConfig(avcRecord({ sps: [sps!], pps: [Uint8Array.of(...pps!, 0x80)] }));
  copied.config(other);
  copied.frame(frameOf(SECOND, true, Uint8Array.of(0, 0, 0, 1, 0x65)));
  copied.frame(frameOf(SECOND + 3600));
  copied.frame(frameOf(2 * SECOND, true, Uint8Array.of(0, 0, 0, 1, 0x65)));
  expect(configs).toEqual([config, other]);
  expect(frames.map(({ data }) => data.length)).toEqual([1, 3, 1, 3]);
  const [, changed] = frames;
  const bytes = Buffer.concat(changed!.data);
  expect(changed!.size).toBe(bytes.length);
  const expected = Buffer.concat([...parameterSetsOf(other), Uint8Array.of(0, 0, 0, 1, 0x65)]);
  expect(bytes).toEqual(expected);
});

test('a camera that sends no keyframes is refused after 10 s, with what to do', () => {
  const { copied, frames, refused } = track();
  copied.config(config);
  for (let time = 0; time <= 20; time += 1) copied.frame(frameOf(time * SECOND));
  expect(frames).toEqual([]);
  expect(refused).toHaveLength(1);
  expect(refused[0]).toMatchObject({ kind: 'unusable', message: expect.stringContaining('intra refresh') });
});

test('keyframes that are too far apart are told of once', () => {
  const { copied, frames, refused, warned } = track();
  copied.config(config);
  for (let time = 0; time <= 40; time += 1) copied.frame(frameOf(time * SECOND, time % 15 === 0));
  expect(frames).toHaveLength(41);
  expect(refused).toEqual([]);
  expect(warned).toEqual([expect.stringContaining('more than 10 s apart')]);
});

describe('what a manifest says of it', () => {
  const push = (facts: StreamFacts, rate: number, seconds: number, size: number, from = 0) =>
    Array.from({ length: rate * seconds }, (_, index) =>
      facts.push({ ...frameOf(from * SECOND + (index * SECOND) / rate), size }),
    ).filter((told) => told !== undefined);

  test('is known roughly after two frames', () => {
    const facts = new StreamFacts({ ...config, width: 1920, height: 1080 });
    expect(push(facts, 25, 0.08, 20_000)).toEqual([{ frameRate: 25, bandwidth: 4_147_200 }]);
  });

  test('and is told anew when it turns out to be off, but not for little', () => {
    const facts = new StreamFacts({ ...config, width: 1920, height: 1080 });
    expect(push(facts, 25, 10.2, 60_000).slice(1)).toEqual([{ frameRate: 25, bandwidth: 12_000_000 }]);
    expect(push(facts, 24, 30, 40_000, 10.2)).toEqual([]);
    const [told, ...more] = push(facts, 10, 30, 40_000, 40.2);
    expect(told).toMatchObject({ frameRate: expect.closeTo(10, -1) });
    expect(more).toEqual([]);
  });
});
