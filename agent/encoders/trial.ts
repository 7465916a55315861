import { execa } from 'execa';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { flagsFor, output, type EncodedStream } from '../ffmpeg/arguments.ts';
import { FlvReader, type FlvFrame } from '../ffmpeg/flv.ts';
import type { FfmpegProgram } from '../ffmpeg/locate.ts';
import { isError, wordsOf } from '../ffmpeg/failure.ts';
import { startFfmpeg, type FfmpegProcess } from '../ffmpeg/process.ts';
import type { StreamName } from '../../protocol/names.ts';
import { milliseconds, seconds, type Milliseconds } from '../../protocol/units.ts';
import { codecOf, type Hardware, type HardwareEncoder } from './encoder.ts';
import { encoderOptions } from './help.ts';
import { verdictOf, type Asked, type Verdict } from './verdict.ts';

/** What came of trying an encoder: with what it is to be used, if it is. */
export interface Trial {
  readonly verdict: Verdict;
  /** Undefined where this FFmpeg has no such encoder. */
  readonly encoder: HardwareEncoder | undefined;
}

export interface TrialOptions {
  readonly ffmpeg: FfmpegProgram;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Tries an encoder with the flags that it gets in earnest, on ten frames, one after the other. Never rejects. */
export async function tryEncoder(kind: Hardware, device: string | undefined, options: TrialOptions): Promise<Trial> {
  const known = await optionsOf(kind, options);
  if (typeof known === 'string') return { encoder: undefined, verdict: { kind: 'unfit', reason: known } };
  const usual: HardwareEncoder = { kind, device, options: known, lowPower: false };
  const first = { encoder: usual, verdict: await tried(usual, options) };
  if (first.verdict.kind !== 'unfit' || kind !== 'vaapi' || !known.has('low_power')) return first;
  const other = { ...usual, lowPower: true };
  const second = { encoder: other, verdict: await tried(other, options) };
  return second.verdict.kind === 'unfit' ? first : second;
}

const ANSWER_MS = 10_000;

/** @returns why not, where there are none */
async function optionsOf(
  kind: Hardware,
  { ffmpeg, signal }: TrialOptions,
): Promise<HardwareEncoder['options'] | string> {
  const codec = codecOf(kind);
  try {
    const { stdout } = await execa(ffmpeg.path, ['-hide_banner', '-h', `encoder=${codec}`], {
      ...{ stdin: 'ignore', timeout: ANSWER_MS, cancelSignal: signal, reject: false },
    });
    return encoderOptions(stdout) ?? `this FFmpeg has no ${codec}`;
  } catch (error) {
    return `FFmpeg says nothing of ${codec}: ${messageOf(error)}`;
  }
}

/** Of a size that any of them can; its height is no multiple of 16, as most aren't. */
const WIDTH = 640;
const HEIGHT = 360;
const FPS = 25;
const COUNT = 10;
/** Frames from one forced keyframe to the next. */
const SEGMENT = 5;
const STREAM: EncodedStream = {
  stream: 'trial' as StreamName,
  targetFps: FPS,
  segmentDuration: seconds(SEGMENT / FPS),
  intraInterval: 100_000,
  serverSideRepresentationSwitching: false,
  qualities: { video: [{ targetWidth: WIDTH, targetBitrate: 1000 }] },
};
const QUALITY = { targetWidth: WIDTH, targetBitrate: 1000 };
const ASKED: Asked = { count: COUNT, keyframes: [0, SEGMENT], width: WIDTH, height: HEIGHT };

/** FFmpeg's command line of a trial: raw pictures in, and out as in earnest. Pure. */
export function trialArguments(encoder: HardwareEncoder, hasFpsMode: boolean): readonly string[] {
  const flags = flagsFor(STREAM, QUALITY, { encoder, hasFpsMode });
  return [
    ...['-hide_banner', '-nostats', '-nostdin', '-loglevel', 'level+warning', ...flags.device],
    ...['-f', 'rawvideo', '-pixel_format', 'yuv420p', '-video_size', `${WIDTH}x${HEIGHT}`],
    ...['-framerate', String(FPS), '-probesize', '32', '-i', 'pipe:0'],
    ...['-filter_complex', `[0:v:0]${flags.picture}[v0]`, '-copyts'],
    ...output(STREAM, QUALITY, 0, flags),
  ];
}

/** In which an encoder that holds nothing back has made a picture of this size of a frame, by far. */
const NEXT = milliseconds(250);
/** A driver may take long to start. */
const FIRST = milliseconds(8000);
/** To catch up, and to end. */
const LAST = milliseconds(1500);

/** Never rejects. */
async function tried(encoder: HardwareEncoder, { ffmpeg, clock, signal }: TrialOptions): Promise<Verdict> {
  const over = new AbortController();
  const errors: string[] = [];
  const process = startFfmpeg({
    ...{ path: ffmpeg.path, args: trialArguments(encoder, ffmpeg.hasFpsMode), pipes: 1, fed: true },
    onLine: (line) => {
      if (isError(line)) errors.push(wordsOf(line));
    },
    signal: AbortSignal.any([signal, over.signal]),
  });
  const made = new Made(process);
  // What is wrong with it is told when FFmpeg ends.
  process.stdin?.on('error', () => {});
  for (let number = 0; number < COUNT && !made.isOver; number += 1) {
    process.stdin?.write(picture(number));
    await made.until(number + 1, NEXT, clock);
  }
  await made.until(1, FIRST, clock);
  await made.until(COUNT, LAST, clock);
  const held = COUNT - made.frames.length;
  process.stdin?.end();
  await made.until(Infinity, LAST, clock);
  const isHanging = !made.isOver;
  over.abort();
  await made.over;
  const failure = isHanging ? 'it does not come to an end' : made.failure;
  const { avcC, frames } = made;
  // The first says what is the matter, those after it what could not be done then.
  return verdictOf({ avcC, frames, held, failure: failure === undefined ? undefined : (errors[0] ?? failure) }, ASKED);
}

/** What has come out so far. */
class Made {
  readonly frames: FlvFrame[] = [];
  avcC: Uint8Array | undefined;
  failure: string | undefined;
  isOver = false;
  /** Never rejects. */
  readonly over: Promise<void>;
  #more = Promise.withResolvers<void>();

  constructor(process: FfmpegProcess) {
    this.over = this.#read(process);
  }

  /** Waits for as many frames, or the end. */
  async until(count: number, time: Milliseconds, clock: Clock): Promise<void> {
    const waited = new AbortController();
    const late = clock.sleep(time, waited.signal).then(() => waited.abort());
    while (this.frames.length < count && !this.isOver && !waited.signal.aborted) {
      await Promise.race([this.#more.promise, late]);
    }
    waited.abort();
  }

  async #read({ pipes, ended }: FfmpegProcess): Promise<void> {
    const reader = new FlvReader();
    try {
      for await (const chunk of pipes[0]!) {
        for (const event of reader.push(chunk as Uint8Array)) {
          if (event.kind === 'config') this.avcC = event.avcC;
          else this.frames.push(event.frame);
          this.#tell();
        }
      }
    } catch (error) {
      this.failure = messageOf(error);
    }
    const failure = await ended;
    if (failure !== undefined && failure.kind !== 'ended') this.failure ??= failure.message;
    this.isOver = true;
    this.#tell();
  }

  #tell(): void {
    this.#more.resolve();
    this.#more = Promise.withResolvers();
  }
}

/** Stripes that move, so that there is something to encode. */
function picture(number: number): Buffer {
  const luma = Buffer.alloc(WIDTH * HEIGHT);
  for (let at = 0; at < luma.length; at += 1) luma[at] = 16 + (((at % WIDTH) + 8 * number) % 200);
  return Buffer.concat([luma, Buffer.alloc(luma.length / 2, 128)]);
}
