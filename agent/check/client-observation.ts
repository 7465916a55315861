import { setInterval } from 'node:timers/promises';
import { pino } from 'pino';
import { forkedSource } from '../camera/fork.ts';
import { encodedQualities, isCopied } from '../config/schema.ts';
import type { Failure } from '../media/failure.ts';
import type { FrameSink, FrameSource } from '../media/source.ts';
import type { VideoConfig } from '../media/track.ts';
import { cameraSource } from '../rtsp/source.ts';
import { milliseconds, millisecondsOfTicks, secondsOfTicks, type Milliseconds } from '../../protocol/units.ts';
import { FIRST_PACKET, NO_PACKET, type Observation, type ObservationOptions, type RtspStream } from './observation.ts';
import type { Packet } from './packet.ts';
import { sourceVideoOfConfig } from './source-video.ts';

/** Without a picture for so long there will be none. */
const FIRST_PICTURE_MS = 16_000;
/** How long frames are looked at: enough for two keyframes in most cameras; for what is copied, in all that can be. */
const LOOK_MS = { encoded: 5000, copied: 11_000 };
/** Less is enough when the distance of keyframes was seen twice. */
const SHORT_LOOK_MS = 2000;
const ENOUGH_KEYFRAMES = 3;
const WATCH_INTERVAL_MS = 50;

/** By the agent's own client, and with FFmpeg for what is to be encoded: just as `run` does it. */
export async function observeByClient(options: ObservationOptions): Promise<Observation | Failure> {
  const { stream, clock } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const started = clock.monotonic();
  const sight = new Sight(stream, () => milliseconds(clock.monotonic() - started));
  const log = pino({ level: 'silent' });
  const { input: url, transport } = stream;
  const camera = cameraSource({ url, transport, clock, log, onEnd: ({ lost }) => (sight.lost = lost) });
  const seen: FrameSource = (sink, ended) => camera(sight.between(sink), ended);
  const sinks = stream.qualities.video.map((quality) => (isCopied(quality) ? NOBODY : sight.pictures));
  const running = forkedSource(seen, { ...options, log })(sinks, signal);
  const failed = running.then((failure) => failure ?? new Promise<never>(() => {}));
  try {
    const failure = await Promise.race([seenEnough(sight, signal), failed]);
    over.abort();
    await running;
    return failure ?? sight.observation() ?? NO_PACKET;
  } finally {
    over.abort();
    await running;
  }
}

const NOBODY: FrameSink = { config: () => {}, frame: () => {}, jump: () => {} };

/** What has been seen so far. */
class Sight {
  readonly #stream: RtspStream;
  readonly #since: () => Milliseconds;
  readonly #packets: Packet[] = [];
  #config: VideoConfig | undefined;
  #firstPacket: Milliseconds | undefined;
  #firstPicture: Milliseconds | undefined;
  #reordering = milliseconds(0);
  lost = 0;

  /** @param since the time since the start */
  constructor(stream: RtspStream, since: () => Milliseconds) {
    this.#stream = stream;
    this.#since = since;
  }

  /** Sees what comes from the camera. */
  between(sink: FrameSink): FrameSink {
    return {
      jump: (by) => sink.jump(by),
      config: (config) => {
        this.#config ??= config;
        sink.config(config);
      },
      frame: (frame) => {
        const { time, compositionOffset, keyframe } = frame;
        this.#firstPacket ??= this.#since();
        this.#packets.push({ time: secondsOfTicks(time), keyframe });
        this.#reordering = milliseconds(Math.max(this.#reordering, millisecondsOfTicks(compositionOffset)));
        sink.frame(frame);
      },
    };
  }

  /** Sees what FFmpeg makes of it. */
  readonly pictures: FrameSink = {
    ...NOBODY,
    frame: () => {
      this.#firstPicture ??= this.#since();
    },
  };

  observation(): Observation | undefined {
    if (this.#config === undefined || this.#firstPacket === undefined) return undefined;
    return {
      video: sourceVideoOfConfig(this.#config),
      packets: this.#packets,
      firstPacket: this.#firstPacket,
      firstPicture: this.#firstPicture,
      reordering: this.#reordering,
      lost: this.lost,
    };
  }

  /** Whether to look on. */
  get isEnough(): boolean {
    const since = this.#since();
    if (this.#firstPacket === undefined) return since > FIRST_PACKET;
    const looked = since - this.#firstPacket;
    const encoded = encodedQualities(this.#stream).length;
    if (encoded > 0 && this.#firstPicture === undefined) return since > FIRST_PICTURE_MS;
    const keyframes = this.#packets.filter(({ keyframe }) => keyframe).length;
    const most = encoded < this.#stream.qualities.video.length && keyframes < 2 ? LOOK_MS.copied : LOOK_MS.encoded;
    return looked > most || (looked > SHORT_LOOK_MS && keyframes >= ENOUGH_KEYFRAMES);
  }
}

async function seenEnough(sight: Sight, signal: AbortSignal): Promise<undefined> {
  for await (const _ of setInterval(WATCH_INTERVAL_MS, undefined, { signal })) if (sight.isEnough) return;
}
