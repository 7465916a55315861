import type { Logger } from 'pino';
import type { Clock } from '../clock.ts';
import { Authorization } from './authorization.ts';
import { parseCameraUrl, type CameraUrl } from './camera-url.ts';
import { RtspConnection } from './connection.ts';
import { basesOf, sessionUrls } from './control.ts';
import type { Dial, Wire } from './dial.ts';
import { header, onTheWire, type RtspResponse } from './message.ts';
import { offerOf, type Offer } from './offer.ts';
import { CameraFailure, CONNECTION_ENDED, refusal } from './refusal.ts';
import type { PacketRouter } from './router.ts';
import { parseSdp } from './sdp.ts';

/** Cameras behind a recorder send one on once, maybe twice. */
const MAX_REDIRECTS = 5;
const MAX_LOCATION_LENGTH = 2048;

export interface DescribeOptions {
  readonly url: CameraUrl;
  /** What is known of the camera's challenges. */
  readonly authorization: Authorization;
  readonly clock: Clock;
  readonly log: Logger;
  readonly dial: Dial;
  /** Ends the connection. */
  readonly signal: AbortSignal;
  /** Where packets go. */
  readonly router: PacketRouter;
}

/** A camera that has said what it has. */
export interface Described {
  readonly connection: RtspConnection;
  /** What it was asked for. */
  readonly asked: string;
  readonly offer: Offer;
  /** What tracks' controls stand behind; what all tracks together may be called. The most credible first. */
  readonly bases: readonly string[];
  readonly sessionUrls: readonly string[];
  /** What it says it can do (RFC 2326, 12.28), in capitals; empty when it says nothing. */
  readonly methods: readonly string[];
  /** As it names itself. */
  readonly server: string | undefined;
  readonly addresses: { readonly local: string; readonly remote: string } | undefined;
}

/** Where to ask, and as whom. */
interface Place {
  readonly url: CameraUrl;
  readonly authorization: Authorization;
}

/**
 * Connects to a camera and asks what it has; follows it where it sends one on.
 * @throws CameraFailure
 */
export async function describe(options: DescribeOptions): Promise<Described> {
  let place: Place = options;
  for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects += 1) {
    const answer = await describeTwice(place, options);
    if (!('location' in answer)) return answer;
    place = redirected(place, answer.location);
    options.log.debug(`sent on to ${place.url.safe}`);
  }
  throw new CameraFailure({ kind: 'unusable', message: 'the camera sends one on and on: check "input"' });
}

/** Some end the connection behind their challenge: that is answered on another one. */
async function describeTwice(place: Place, options: DescribeOptions): ReturnType<typeof describeAt> {
  const known = place.authorization.scheme;
  try {
    return await describeAt(place, options);
  } catch (error) {
    const isEnded = error instanceof CameraFailure && error.failure === CONNECTION_ENDED;
    const isChallenged = known === undefined && place.authorization.scheme !== undefined;
    if (!isEnded || !isChallenged || options.signal.aborted) throw error;
    return describeAt(place, options);
  }
}

async function describeAt(
  { url, authorization }: Place,
  options: DescribeOptions,
): Promise<Described | { readonly location: string }> {
  const asked = onTheWire(url.request);
  const wire = await options.dial(url, options.clock, options.signal);
  const connection = new RtspConnection({ ...options, wire, authorization });
  try {
    // It need not know the method.
    const abilities = await connection.request('OPTIONS', asked);
    const answer = await connection.request('DESCRIBE', asked, { Accept: 'application/sdp' });
    const location = header(answer, 'location');
    if (answer.status >= 300 && answer.status < 400 && location !== undefined) {
      await connection.close();
      return { location };
    }
    if (answer.status >= 300) throw new CameraFailure(refusal('DESCRIBE', answer.status));
    return { connection, addresses: addressesOf(wire), ...described(asked, abilities, answer) };
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function described(
  asked: string,
  abilities: RtspResponse,
  answer: RtspResponse,
): Omit<Described, 'connection' | 'addresses'> {
  const description = parseSdp(answer.body);
  const bases = basesOf(answer, asked);
  const said = header(abilities, 'public') ?? header(answer, 'public') ?? '';
  return {
    asked,
    offer: offerOf(description),
    bases,
    sessionUrls: sessionUrls(description, bases, asked),
    methods: said.toUpperCase().match(/[A-Z_]+/g) ?? [],
    server: header(answer, 'server') ?? header(abilities, 'server'),
  };
}

/** Credentials go along to the same host only, and never from TLS to the clear: another one gets what `Location` holds. */
function redirected({ url, authorization }: Place, location: string): Place {
  const next = parseCameraUrl(Buffer.from(location.slice(0, MAX_LOCATION_LENGTH), 'latin1').toString());
  if ('problem' in next) {
    throw new CameraFailure({ kind: 'unusable', message: 'the camera sends one on to what is no RTSP URL' });
  }
  const isSame = next.host === url.host && (next.scheme === url.scheme || next.scheme === 'rtsps');
  return { url: next, authorization: isSame ? authorization : new Authorization(next.credentials) };
}

const addressesOf = ({ localAddress: local, remoteAddress: remote }: Wire): Described['addresses'] =>
  local === undefined || remote === undefined ? undefined : { local, remote };
