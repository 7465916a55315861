import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { setInterval } from 'node:timers/promises';
import { FIRST_PIPE, source } from '../ffmpeg/arguments.ts';
import { startFfmpeg } from '../ffmpeg/process.ts';
import type { Failure } from '../media/failure.ts';
import { milliseconds, secondsOfMilliseconds, type Milliseconds } from '../../protocol/units.ts';
import {
  FIRST_PACKET,
  NO_PACKET,
  type Observation,
  type CameraStream,
  type ObservationOptions,
} from './observation.ts';
import { paceOf, PacketReader, type Packet } from './packet.ts';
import { pictureSizeOf, sourceVideoOf, type SourceVideo } from './source-video.ts';

const FIRST_PICTURE_MS = 16_000;
/** How long frames are looked at: enough for two keyframes in most cameras. */
const LOOK_MS = 5000;
/** Less is enough when the distance of keyframes was seen twice. */
const SHORT_LOOK_MS = 2000;
const ENOUGH_KEYFRAMES = 3;
const WATCH_INTERVAL_MS = 50;
/** In which a machine that is there takes a connection, or refuses it. */
const KNOCK_MS = 5000;

/** Through FFmpeg, where that is what `run` does: the frames as they come, and the first one decoded. */
export async function observeByFfmpeg(options: ObservationOptions<CameraStream>): Promise<Observation | Failure> {
  const { stream, ffmpeg, clock } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const started = clock.monotonic();
  const sofar = new Sight(stream, () => milliseconds(clock.monotonic() - started));
  const process = startFfmpeg({
    path: ffmpeg.path,
    args: lookArguments(stream, ffmpeg.hasFpsMode),
    pipes: 1,
    onLine: (line) => sofar.hear(line),
    signal,
  });
  for (const pipe of process.pipes) createInterface({ input: pipe }).on('line', (line) => sofar.see(line));
  const ended = process.ended.then((failure) => failure ?? new Promise<never>(() => {}));
  try {
    const failure = await Promise.race([seenEnough(sofar, signal), ended, nobodyAnswers(stream, signal)]);
    // A recording may be over before enough was seen.
    const seen = failure === undefined || failure.kind === 'ended' ? sofar.observation() : undefined;
    return seen ?? failure ?? NO_PACKET;
  } finally {
    over.abort();
    await process.ended;
  }
}

function lookArguments(stream: CameraStream, hasFpsMode: boolean): string[] {
  return [
    ...['-hide_banner', '-nostats', '-nostdin', '-loglevel', 'level+info'],
    ...source(stream).input,
    ...[
      '-copyts',
      '-map',
      '0:v:0',
      '-c',
      'copy',
      '-copyinkf',
      '-f',
      'framecrc',
      '-flush_packets',
      '1',
      `pipe:${FIRST_PIPE}`,
    ],
    ...['-map', '0:v:0', hasFpsMode ? '-fps_mode' : '-vsync', 'passthrough'],
    ...['-vf', String.raw`select=eq(n\,0),showinfo`, '-f', 'null', '-'],
  ];
}

/** What has been seen so far. */
class Sight {
  readonly #since: () => Milliseconds;
  readonly #reader = new PacketReader();
  readonly #packets: Packet[] = [];
  /** By their own times, where they have such. */
  readonly #own: Packet[] = [];
  readonly #hasOwnTimes: boolean;
  #video: SourceVideo | undefined;
  #firstPacket: Milliseconds | undefined;
  #firstPicture: Milliseconds | undefined;

  /** @param since the time since the start */
  constructor(stream: CameraStream, since: () => Milliseconds) {
    // Those of a camera are when they came.
    this.#hasOwnTimes = stream.type === 'FFMPEG';
    this.#since = since;
  }

  /** A line that FFmpeg says. */
  hear(line: string): void {
    this.#video ??= sourceVideoOf(line);
    const size = pictureSizeOf(line);
    if (size === undefined || this.#video === undefined) return;
    this.#firstPicture ??= this.#since();
    this.#video = { ...this.#video, size };
  }

  /** A line of FFmpeg's list of packets. */
  see(line: string): void {
    const packet = this.#reader.push(line);
    if (packet === undefined) return;
    this.#firstPacket ??= this.#since();
    if (this.#hasOwnTimes) this.#own.push(packet);
    this.#packets.push(this.#hasOwnTimes ? { ...packet, time: secondsOfMilliseconds(this.#since()) } : packet);
  }

  observation(): Observation | undefined {
    if (this.#video === undefined || this.#firstPacket === undefined) return undefined;
    return {
      video: this.#video,
      packets: this.#packets,
      firstPacket: this.#firstPacket,
      firstPicture: this.#firstPicture,
      // It has only one time for a frame.
      reordering: milliseconds(0),
      lost: 0,
      pace: this.#hasOwnTimes ? paceOf(this.#packets, this.#own) : undefined,
    };
  }

  /** Whether to look on. */
  get isEnough(): boolean {
    const since = this.#since();
    if (this.#firstPacket === undefined) return since > FIRST_PACKET;
    const looked = since - this.#firstPacket;
    if (this.#firstPicture === undefined) return since > FIRST_PICTURE_MS;
    const keyframes = this.#packets.filter(({ keyframe }) => keyframe).length;
    return looked > LOOK_MS || (looked > SHORT_LOOK_MS && keyframes >= ENOUGH_KEYFRAMES);
  }
}

async function seenEnough(sofar: Sight, signal: AbortSignal): Promise<undefined> {
  for await (const _ of setInterval(WATCH_INTERVAL_MS, undefined, { signal })) if (sofar.isEnough) return;
}

/**
 * Resolves when nothing answers at the camera's address: FFmpeg would wait for minutes. Pending for ever when something
 * does, even if it says no, because FFmpeg tells of that.
 */
function nobodyAnswers(stream: CameraStream, signal: AbortSignal): Promise<Failure> {
  // FFmpeg itself is told how long to wait, or waits for somebody to call.
  if (stream.type !== 'RTSP') return new Promise(() => {});
  const { protocol, hostname, port } = new URL(stream.input.safe);
  const number = port === '' ? DEFAULT_PORTS[protocol as keyof typeof DEFAULT_PORTS] : Number(port);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return new Promise((resolve) => {
    const socket = connect({ host, port: number });
    const timer = setTimeout(() => {
      socket.destroy();
      const message = `nothing answers at ${hostname}:${number}: check the camera's power, its address in "input" and the network`;
      resolve({ kind: 'unreachable', message });
    }, KNOCK_MS);
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
    };
    socket.once('connect', end).once('error', end);
    if (signal.aborted) end();
    signal.addEventListener('abort', end, { once: true });
  });
}

const DEFAULT_PORTS = { 'rtsp:': 554, 'rtsps:': 322 } as const;
