import type { Clock } from '../clock.ts';
import { codeOf } from '../errors.ts';
import type { Failure } from '../media/failure.ts';
import { trackUrls } from './control.ts';
import { DatagramPorts } from './datagrams.ts';
import type { Described } from './describe.ts';
import type { RtspResponse } from './message.ts';
import type { OfferedTrack } from './offer.ts';
import { CameraFailure, refusal } from './refusal.ts';
import type { PacketRouter, PacketSink } from './router.ts';
import {
  formatTransport,
  parseSession,
  parseTransport,
  type Pair,
  type SessionId,
  type Transport,
  type TransportKind,
} from './transport.ts';

export interface SetUpOptions {
  readonly described: Described;
  readonly track: OfferedTrack;
  /** Where its packets go, which come in order or as the network has it. */
  readonly sink: (order: 'ordered' | 'datagrams') => PacketSink;
  /** What to ask for, one after the other. */
  readonly transports: readonly TransportKind[];
  /** Channels to ask for. */
  readonly channels: Pair;
  /** Of the tracks that were set up before it. */
  readonly session: SessionId | undefined;
  readonly router: PacketRouter;
  readonly clock: Clock;
  /** Closes the ports. */
  readonly signal: AbortSignal;
}

/** A track that will come when it is played. */
export interface SetUpTrack {
  readonly url: string;
  readonly transport: TransportKind;
  /** Undefined where the camera names none. */
  readonly session: SessionId | undefined;
}

/** Refusals that may mean the URL, and not the track. */
const MAY_BE_THE_URL: ReadonlySet<number> = new Set([400, 404, 451, 459, 460, 500]);

/**
 * Sets up one track: by the transport that is wanted, else by the other; at the most credible of its URLs, else at another
 * reading of them.
 *
 * @throws CameraFailure where the camera grants none of it: why it refused the first
 */
export async function setUp(options: SetUpOptions): Promise<SetUpTrack> {
  const refusals: Failure[] = [];
  for (const transport of options.transports) {
    const outcome = await setUpOver(transport, options);
    if (!('kind' in outcome)) return outcome;
    refusals.push(outcome);
    if (outcome.kind !== 'unusable') break;
  }
  throw new CameraFailure(refusals[0] ?? refusal('SETUP', 461));
}

async function setUpOver(kind: TransportKind, options: SetUpOptions): Promise<SetUpTrack | Failure> {
  const { router, track } = options;
  const sink = options.sink(kind === 'tcp' ? 'ordered' : 'datagrams');
  const unused = new AbortController();
  const ports = kind === 'tcp' ? undefined : await openPorts(options, sink, unused.signal);
  if (ports !== undefined && 'kind' in ports) return ports;
  const pair = ports?.pair ?? options.channels;
  // Before it is asked for: the first packets may come with the answer.
  const way = { sink, payloadType: track.format.payloadType };
  if (ports === undefined) router.connect(pair, way);
  let agreed: Transport = { kind: 'other' };
  try {
    const granted = await ask(options, formatTransport(kind, pair));
    if ('kind' in granted) return granted;
    agreed = parseTransport(granted.response, { kind, pair });
    if (agreed.kind === 'other') return refusal('SETUP', 461);
    return { url: granted.url, transport: agreed.kind, session: parseSession(granted.response) };
  } finally {
    router.disconnect(way);
    if (agreed.kind === 'tcp') router.connect(agreed.channels, way);
    if (agreed.kind === 'udp') ports?.greet(agreed.serverPorts, agreed.source);
    else unused.abort();
  }
}

/** Asks at one URL after the other. */
async function ask(
  { described, track, session }: SetUpOptions,
  transport: string,
): Promise<{ readonly url: string; readonly response: RtspResponse } | Failure> {
  const { connection, bases, asked } = described;
  const refusals: Failure[] = [];
  for (const url of trackUrls(track.control, bases, asked)) {
    const response = await connection.request('SETUP', url, { Transport: transport, Session: session?.id });
    if (response.status < 300) return { url, response };
    refusals.push(refusal('SETUP', response.status));
    if (!MAY_BE_THE_URL.has(response.status)) break;
  }
  return refusals[0] ?? refusal('SETUP', 404);
}

async function openPorts(
  { described, router, clock, signal }: SetUpOptions,
  sink: PacketSink,
  unused: AbortSignal,
): Promise<DatagramPorts | Failure> {
  if (described.addresses === undefined) return refusal('SETUP', 461);
  try {
    return await DatagramPorts.open({
      ...described.addresses,
      clock,
      signal: AbortSignal.any([signal, unused]),
      onPacket: (packet) => router.deliver(sink, packet),
    });
  } catch (error) {
    return { kind: 'unusable', message: `no UDP ports can be had (${codeOf(error) ?? 'unknown'})` };
  }
}
