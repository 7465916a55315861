import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Failure } from '../media/failure.ts';
import type { FrameSink, FrameSource } from '../media/source.ts';
import { RtpReceiver, type ReceiverCounts } from '../rtp/receiver.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import { Authorization } from './authorization.ts';
import type { CameraUrl } from './camera-url.ts';
import { dial, type Dial } from './dial.ts';
import { runSession } from './session.ts';
import { silence, type Patience } from '../silence.ts';
import type { TransportKind } from './transport.ts';

/** How long no packet may come: a camera may have to wake. */
const PATIENCE: Patience = { first: milliseconds(15_000), next: milliseconds(5000) };
/** The same over UDP, while it isn't known whether it gets through. */
const UNTRIED: Patience = { first: milliseconds(5000), next: milliseconds(5000) };
/** How long packets may come without a picture: longer than from keyframe to keyframe. */
const NO_PICTURE = milliseconds(30_000);

export interface CameraSourceOptions {
  readonly url: CameraUrl;
  /** What is asked for first: a camera that refuses it is asked for the other. */
  readonly transport: TransportKind;
  readonly clock: Clock;
  readonly log: Logger;
  /** How to connect; otherwise over the network. */
  readonly dial?: Dial;
  /** What was received, when a session is over. */
  readonly onEnd?: (counts: ReceiverCounts) => void;
}

/**
 * The video of a camera, as it is: connected to at each run. What was found out in one (how it wants to be told who asks,
 * that nothing comes over UDP) is known in the next.
 */
export function cameraSource(options: CameraSourceOptions): FrameSource {
  const { log } = options;
  const authorization = new Authorization(options.url.credentials);
  let { transport } = options;
  let datagramsCome = false;
  return async (sink, signal) => {
    const patience = (kind: TransportKind): Patience => (kind === 'udp' && !datagramsCome ? UNTRIED : PATIENCE);
    const run = (): Promise<Run> => runOnce({ ...options, transport, patience, authorization, sink, signal });
    let last = await run();
    if (last.transport === 'udp' && last.packets > 0) datagramsCome = true;
    if (isDeaf(last) && transport === 'udp' && !datagramsCome && !signal.aborted) {
      log.info('nothing comes over UDP: over TCP from now on');
      transport = 'tcp';
      last = await run();
    }
    return signal.aborted ? undefined : last.failure;
  };
}

interface Run {
  readonly failure: Failure;
  /** What was agreed on; undefined where it did not come so far. */
  readonly transport: TransportKind | undefined;
  readonly packets: number;
}

const isDeaf = ({ failure, transport, packets }: Run): boolean =>
  failure.kind === 'silent' && transport === 'udp' && packets === 0;

async function runOnce(
  options: CameraSourceOptions & {
    readonly patience: (transport: TransportKind) => Patience;
    readonly authorization: Authorization;
    readonly sink: FrameSink;
    readonly signal: AbortSignal;
  },
): Promise<Run> {
  const { clock, log, sink, signal } = options;
  const over = new AbortController();
  const life = AbortSignal.any([signal, over.signal]);
  const failed = Promise.withResolvers<Failure>();
  let agreed: TransportKind | undefined;
  let newest: Milliseconds | undefined;
  let receiver: RtpReceiver | undefined;
  const watched: FrameSink = {
    config: (config) => sink.config(config),
    jump: (by) => sink.jump(by),
    frame: (frame) => {
      newest = clock.monotonic();
      sink.frame(frame);
    },
  };
  const session = runSession({
    ...options,
    dial: options.dial ?? dial,
    signal: life,
    receivers: {
      video: (format, order) => {
        receiver = new RtpReceiver({ format, transport: order, clock, sink: watched, failed: failed.resolve, log });
        return receiver;
      },
    },
    onPlaying: (transport) => {
      agreed = transport;
      // Never rejects.
      void silence(() => newest, { first: NO_PICTURE, next: NO_PICTURE }, clock, life).then((waited) => {
        if (waited !== undefined) failed.resolve(newest === undefined ? NOTHING_TO_SEE : NOTHING_MORE);
      });
    },
  });
  const failure = await Promise.race([session, failed.promise]);
  over.abort();
  // It says goodbye to the camera first, which may serve one at a time.
  await session;
  if (receiver !== undefined) options.onEnd?.(receiver.counts);
  return { failure, transport: agreed, packets: receiver?.counts.packets ?? 0 };
}

const NOTHING_MORE: Failure = {
  kind: 'silent',
  message: `the camera has sent no whole picture for ${NO_PICTURE / 1000} s`,
};
const NOTHING_TO_SEE: Failure = {
  kind: 'unusable',
  message: `the camera sends packets, but no picture has come of them for ${NO_PICTURE / 1000} s`,
};
