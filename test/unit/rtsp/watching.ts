import { pino } from 'pino';
import { systemClock, type Clock } from '../../../agent/clock.ts';
import type { Failure } from '../../../agent/media/failure.ts';
import { Authorization } from '../../../agent/rtsp/authorization.ts';
import { parseCameraUrl, type CameraUrl } from '../../../agent/rtsp/camera-url.ts';
import { dial, type Dial } from '../../../agent/rtsp/dial.ts';
import type { PacketSink } from '../../../agent/rtsp/router.ts';
import { runSession } from '../../../agent/rtsp/session.ts';
import type { TransportKind } from '../../../agent/rtsp/transport.ts';
import { milliseconds } from '../../../protocol/units.ts';

export const silentLog = pino({ level: 'silent' });

export function cameraUrl(text: string): CameraUrl {
  const url = parseCameraUrl(text);
  if ('problem' in url) throw new Error(url.problem);
  return url;
}

/** NAL units of a track's packets, put together as simply as it goes: single ones, and fragments (RFC 6184, 5.6 and 5.8). */
export class NalUnits implements PacketSink {
  readonly whole: Buffer[] = [];
  reports = 0;
  #fragments: Uint8Array[] = [];
  readonly #onWhole: () => void;

  constructor(onWhole: () => void) {
    this.#onWhole = onWhole;
  }

  rtp(packet: Uint8Array): void {
    const payload = packet.subarray(12);
    const [first = 0, second = 0] = payload;
    if ((first & 0x1f) !== 28) {
      this.whole.push(Buffer.from(payload));
    } else {
      if ((second & 0x80) !== 0) this.#fragments = [Uint8Array.of((first & 0xe0) | (second & 0x1f))];
      this.#fragments.push(payload.subarray(2));
      if ((second & 0x40) === 0) return;
      this.whole.push(Buffer.concat(this.#fragments));
    }
    this.#onWhole();
  }

  rtcp(): void {
    this.reports += 1;
  }
}

export interface Watched {
  readonly failure: Failure;
  readonly video: NalUnits;
  readonly audioPackets: number;
  /** What was agreed on; undefined where it did not come so far. */
  readonly transport: TransportKind | undefined;
}

/** Watches a camera until there is enough, or it ends. */
export async function watch(
  text: string,
  options: {
    readonly transport?: TransportKind;
    /** NAL units that are enough. Default: 25. */
    readonly enough?: number;
    readonly audio?: boolean;
    readonly clock?: Clock;
    readonly dial?: Dial;
    readonly patience?: number;
    readonly signal?: AbortSignal;
  } = {},
): Promise<Watched> {
  const { enough = 25, patience = 3000, clock = systemClock } = options;
  const url = cameraUrl(text);
  const over = new AbortController();
  const video = new NalUnits(() => {
    if (video.whole.length >= enough) over.abort();
  });
  let audioPackets = 0;
  let transport: TransportKind | undefined;
  const failure = await runSession({
    url,
    authorization: new Authorization(url.credentials),
    transport: options.transport ?? 'tcp',
    patience: () => ({ first: milliseconds(patience), next: milliseconds(patience) }),
    receivers: {
      video: () => video,
      audio: options.audio === true ? () => ({ rtp: () => (audioPackets += 1), rtcp: () => {} }) : undefined,
    },
    clock,
    log: silentLog,
    dial: options.dial ?? dial,
    signal: options.signal === undefined ? over.signal : AbortSignal.any([over.signal, options.signal]),
    onPlaying: (agreed) => (transport = agreed),
  });
  return { failure, video, audioPackets, transport };
}
