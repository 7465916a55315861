import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Failure } from '../media/failure.ts';
import type { MediaFormat } from '../rtp/format.ts';
import { milliseconds } from '../../protocol/units.ts';
import type { Authorization } from './authorization.ts';
import type { CameraUrl } from './camera-url.ts';
import { describe, type Described } from './describe.ts';
import type { Dial } from './dial.ts';
import { keepAlive, keepAliveInterval, keepAliveMethod } from './keep-alive.ts';
import { AN_ERROR_OF_OURS, CameraFailure, CONNECTION_ENDED, noVideo, refusal } from './refusal.ts';
import { PacketRouter, type PacketSink } from './router.ts';
import { setUp, type SetUpTrack } from './set-up.ts';
import { silence, type Patience } from '../silence.ts';
import type { SessionId, TransportKind } from './transport.ts';

/** How long a camera may take to say goodbye. */
const GOODBYE = milliseconds(500);

export interface SessionOptions {
  readonly url: CameraUrl;
  /** What is known of the camera's challenges. */
  readonly authorization: Authorization;
  /** The transport that is asked for first. */
  readonly transport: TransportKind;
  /** How long no media may come. */
  readonly patience: (transport: TransportKind) => Patience;
  readonly receivers: Receivers;
  readonly clock: Clock;
  readonly log: Logger;
  readonly dial: Dial;
  /** Ends the session. */
  readonly signal: AbortSignal;
  /** Media is to come now. */
  readonly onPlaying?: (transport: TransportKind) => void;
}

/** Who takes a track's packets; which come in the order they were sent in, or as the network has it. */
export type MakeReceiver = (format: MediaFormat, order: 'ordered' | 'datagrams') => PacketSink;

/** What is wanted of a camera. A track that is not wanted is not asked for. */
export interface Receivers {
  readonly video: MakeReceiver;
  /** Left out where the camera has none, or refuses it. */
  readonly audio?: MakeReceiver | undefined;
}

/** How far a session has come. */
type Stage =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'described'; readonly described: Described }
  /** Some tracks, or all, and played or not: the camera holds something for this session. */
  | { readonly kind: 'set up'; readonly described: Described; readonly tracks: readonly SetUpTrack[] };

/**
 * One session with a camera, from connecting to saying goodbye:
 *
 *     connecting ─▶ OPTIONS ─▶ DESCRIBE ─▶ SETUP, a track at a time ─▶ PLAY ─▶ playing ◀─┐
 *         ▲                        │            │                        │       │ │     │ half the session's time-out:
 *         └──────── sent on ───────┘            │ aborted, or it failed  │       │ └─────┘ GET_PARAMETER, or OPTIONS
 *                                               └───────────┬────────────┴───────┘
 *                                                           ▼
 *                                                       TEARDOWN ─▶ over
 *
 * Packets are taken from SETUP on: some cameras don't wait for PLAY's answer.
 *
 * @returns why it is over; where it was aborted, anything. Never rejects
 */
export async function runSession(options: SessionOptions): Promise<Failure> {
  const { clock, log, signal } = options;
  const life = new AbortController();
  const router = new PacketRouter(clock);
  let stage: Stage = { kind: 'connecting' };
  const leave = async (): Promise<void> => {
    await goodbye(stage);
    life.abort();
  };
  // Never rejects, and takes half a second at most.
  const onAbort = (): void => void leave();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    if (signal.aborted) return CONNECTION_ENDED;
    const described = await describe({ ...options, router, signal: life.signal });
    stage = { kind: 'described', described };
    for await (const tracks of setUpAll(options, described, router, life.signal)) {
      stage = { kind: 'set up', described, tracks };
    }
    if (stage.kind !== 'set up') return noVideo(described.offer.media);
    await play(stage);
    options.onPlaying?.(stage.tracks[0]?.transport ?? options.transport);
    return await playing(options, stage, router, life.signal);
  } catch (error) {
    if (error instanceof CameraFailure) return error.failure;
    log.error(error);
    return AN_ERROR_OF_OURS;
  } finally {
    signal.removeEventListener('abort', onAbort);
    await leave();
  }
}

/** Sets up what is wanted of what there is. @yields the tracks so far */
async function* setUpAll(
  { receivers, transport, clock, log }: SessionOptions,
  described: Described,
  router: PacketRouter,
  signal: AbortSignal,
): AsyncGenerator<readonly SetUpTrack[], void, undefined> {
  const { video, audio } = described.offer;
  if (video === undefined) return;
  const common = { described, router, clock, signal };
  const first = await setUp({
    ...common,
    track: video,
    sink: (order) => receivers.video(video.format, order),
    transports: transport === 'tcp' ? ['tcp', 'udp'] : ['udp', 'tcp'],
    channels: { rtp: 0, rtcp: 1 },
    session: undefined,
  });
  yield [first];
  const { audio: receiver } = receivers;
  if (audio === undefined || receiver === undefined) return;
  try {
    const second = await setUp({
      ...common,
      track: audio,
      sink: (order) => receiver(audio.format, order),
      transports: [first.transport],
      channels: { rtp: 2, rtcp: 3 },
      session: first.session,
    });
    yield [first, second];
  } catch (error) {
    if (!(error instanceof CameraFailure)) throw error;
    log.info(`no sound: ${error.message}`);
  }
}

/** Refusals that may mean the URL, or the range. */
const MAY_BE_THE_REQUEST: ReadonlySet<number> = new Set([400, 404, 451, 455, 457, 460]);

/** @throws CameraFailure where the camera doesn't */
async function play({ described, tracks }: Extract<Stage, { kind: 'set up' }>): Promise<void> {
  const urls = [...described.sessionUrls, ...tracks.map(({ url }) => url)];
  const ways = urls.map((url) => ({ url, Range: 'npt=0.000-' as string | undefined }));
  const refusals: Failure[] = [];
  for (const { url, Range } of [...ways, { url: urls[0] ?? described.asked, Range: undefined }]) {
    const { status } = await described.connection.request('PLAY', url, { Session: sessionOf(tracks)?.id, Range });
    if (status < 300) return;
    refusals.push(refusal('PLAY', status));
    if (!MAY_BE_THE_REQUEST.has(status)) break;
  }
  throw new CameraFailure(refusals[0] ?? refusal('PLAY', 404));
}

/** Waits for the end. @returns why */
async function playing(
  { clock, patience }: SessionOptions,
  { described, tracks }: Extract<Stage, { kind: 'set up' }>,
  router: PacketRouter,
  signal: AbortSignal,
): Promise<Failure> {
  const { connection, methods, sessionUrls, asked } = described;
  const session = sessionOf(tracks);
  const kept = keepAlive({
    connection,
    url: sessionUrls[0] ?? asked,
    session: session?.id,
    interval: keepAliveInterval(session?.timeout),
    method: keepAliveMethod(methods),
    clock,
    signal,
  });
  const silent = silence(() => router.heard, patience(tracks[0]?.transport ?? 'tcp'), clock, signal);
  return Promise.race([
    connection.ended,
    kept.then(() => connection.ended),
    silent.then((waited) => (waited === undefined ? connection.ended : silentFor(waited))),
  ]);
}

const silentFor = (waited: number): Failure => ({
  kind: 'silent',
  message: `the camera has sent no picture for ${waited / 1000} s`,
});

const sessionOf = (tracks: readonly SetUpTrack[]): SessionId | undefined =>
  tracks.findLast(({ session }) => session !== undefined)?.session;

async function goodbye(stage: Stage): Promise<void> {
  switch (stage.kind) {
    case 'connecting':
      return;
    case 'described':
      return stage.described.connection.close();
    case 'set up': {
      const { connection, sessionUrls, asked } = stage.described;
      connection.tell('TEARDOWN', sessionUrls[0] ?? asked, { Session: sessionOf(stage.tracks)?.id });
      return connection.close(GOODBYE);
    }
  }
}
