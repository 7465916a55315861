import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import type { Failure } from '../media/failure.ts';
import { milliseconds } from '../../protocol/units.ts';
import { Authorization } from './authorization.ts';
import type { CameraUrl } from './camera-url.ts';
import { describe, type Described } from './describe.ts';
import { dial, type Dial } from './dial.ts';
import type { OfferedMedia, OfferedTrack } from './offer.ts';
import { CameraFailure, noVideo } from './refusal.ts';
import { PacketRouter } from './router.ts';
import { setUp } from './set-up.ts';
import type { TransportKind } from './transport.ts';

/** How long a camera may take to say goodbye, before it is asked for something else. */
const GOODBYE = milliseconds(500);

/** What a camera offers, asked without playing anything. */
export interface CameraOffer {
  /** All tracks, used or not, in the camera's order. */
  readonly media: readonly OfferedMedia[];
  /** The track that is used. */
  readonly video: OfferedTrack;
  /** Whether the video may come so; why not. */
  readonly transports: Readonly<Record<TransportKind, Failure | undefined>>;
  /** How it asks who is there, and which of it is answered; empty and undefined where it doesn't ask. */
  readonly challenges: readonly string[];
  readonly answered: string | undefined;
  /** What it says it can do; empty when it says nothing. */
  readonly methods: readonly string[];
  /** As it names itself: text of the camera's. */
  readonly server: string | undefined;
}

/** Asks a camera what it offers. @returns why not, where it can't be used at all */
export async function describeCamera(options: {
  readonly url: CameraUrl;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
  /** How to connect; otherwise over the network. */
  readonly dial?: Dial;
}): Promise<CameraOffer | Failure> {
  const authorization = new Authorization(options.url.credentials);
  const asking = { ...options, dial: options.dial ?? dial, authorization };
  try {
    const tcp = await ask('tcp', asking);
    const udp = await ask('udp', asking).then(({ refused }) => refused, failureOf);
    const { offer, methods, server } = tcp.described;
    if (offer.video === undefined) return noVideo(offer.media);
    return {
      ...{ media: offer.media, video: offer.video, methods, server },
      transports: { tcp: tcp.refused, udp },
      challenges: authorization.offered,
      answered: authorization.scheme,
    };
  } catch (error) {
    return failureOf(error);
  }
}

/** @throws whatever else it is */
function failureOf(error: unknown): Failure {
  if (error instanceof CameraFailure) return error.failure;
  throw error;
}

/** Describes, and sets up the video over one transport, on a connection of its own. @throws CameraFailure */
async function ask(
  transport: TransportKind,
  options: {
    readonly url: CameraUrl;
    readonly clock: Clock;
    readonly log: Logger;
    readonly signal: AbortSignal;
    readonly dial: Dial;
    readonly authorization: Authorization;
  },
): Promise<{ readonly described: Described; readonly refused: Failure | undefined }> {
  const { clock } = options;
  const over = new AbortController();
  const signal = AbortSignal.any([options.signal, over.signal]);
  const router = new PacketRouter(clock);
  try {
    const described = await describe({ ...options, router, signal });
    const refused = await setUpVideo(described, transport, { router, clock, signal });
    await described.connection.close(GOODBYE);
    return { described, refused };
  } finally {
    over.abort();
  }
}

async function setUpVideo(
  described: Described,
  transport: TransportKind,
  common: { readonly router: PacketRouter; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<Failure | undefined> {
  const { connection, offer, sessionUrls, asked } = described;
  if (offer.video === undefined) return undefined;
  try {
    const { session } = await setUp({
      ...common,
      described,
      track: offer.video,
      sink: () => ({ rtp: () => {}, rtcp: () => {} }),
      transports: [transport],
      channels: { rtp: 0, rtcp: 1 },
      session: undefined,
    });
    connection.tell('TEARDOWN', sessionUrls[0] ?? asked, { Session: session?.id });
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}
