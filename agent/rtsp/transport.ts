import { header, type RtspResponse } from './message.ts';

/** How packets of a track come: interleaved in the connection, or as datagrams. */
export type TransportKind = 'tcp' | 'udp';

/** What a camera says to SETUP (RFC 2326, 12.39). */
export type Transport =
  /** Its channels: mostly the ones that were asked for. */
  | { readonly kind: 'tcp'; readonly channels: Pair }
  | {
      readonly kind: 'udp';
      /** Where it sends from, if that is not where the connection leads to. */
      readonly source: string | undefined;
      readonly serverPorts: Pair | undefined;
    }
  /** Multicast, or what it can't be. */
  | { readonly kind: 'other' };

/** For RTP and for RTCP. */
export interface Pair {
  readonly rtp: number;
  readonly rtcp: number;
}

/** The value of `Transport` in SETUP. @param pair channels, or ports of ours */
export function formatTransport(kind: TransportKind, { rtp, rtcp }: Pair): string {
  return kind === 'tcp'
    ? `RTP/AVP/TCP;unicast;interleaved=${rtp}-${rtcp}`
    : `RTP/AVP;unicast;client_port=${rtp}-${rtcp}`;
}

/**
 * What has been agreed. Whatever it leaves out is as it was asked for.
 * @param asked what SETUP was sent with
 */
export function parseTransport(
  answer: RtspResponse,
  asked: { readonly kind: TransportKind; readonly pair: Pair },
): Transport {
  const [first = ''] = (header(answer, 'transport') ?? '').split(',');
  const parts = first.split(';').map((part) => part.trim());
  const value = (name: string): string | undefined => {
    const part = parts.find((one) => one.toLowerCase().startsWith(`${name}=`));
    return part?.slice(name.length + 1).trim();
  };
  const protocol = parts[0]?.toUpperCase() ?? '';
  if (protocol.startsWith('RTP/SAVP')) return { kind: 'other' };
  const interleaved = pairOf(value('interleaved'), 255);
  if (interleaved !== undefined || protocol.endsWith('/TCP'))
    return { kind: 'tcp', channels: interleaved ?? asked.pair };
  if (parts.some((part) => part.toLowerCase() === 'multicast')) return { kind: 'other' };
  const serverPorts = pairOf(value('server_port'), 65_535);
  const saysNothing = serverPorts === undefined && value('client_port') === undefined;
  if (asked.kind === 'tcp') return saysNothing ? { kind: 'tcp', channels: asked.pair } : { kind: 'other' };
  return { kind: 'udp', source: value('source'), serverPorts };
}

/** `0-1`, or the first alone. */
function pairOf(text: string | undefined, most: number): Pair | undefined {
  const [, first, second] = /^(\d{1,5})(?:\s*-\s*(\d{1,5}))?/.exec(text ?? '') ?? [];
  if (first === undefined) return undefined;
  const rtp = Number(first);
  const rtcp = second === undefined ? rtp + 1 : Number(second);
  return rtp > most || rtcp > most ? undefined : { rtp, rtcp };
}

/** `Session: 12345678;timeout=60` (RFC 2326, 12.37). */
export interface SessionId {
  readonly id: string;
  /** Seconds; undefined when it is not said. */
  readonly timeout: number | undefined;
}

export function parseSession(answer: RtspResponse): SessionId | undefined {
  const [id = '', ...parameters] = (header(answer, 'session') ?? '').split(';').map((part) => part.trim());
  if (id === '') return undefined;
  const timeout = parameters
    .map((part) => /^timeout\s*=\s*(\d{1,6})/i.exec(part)?.[1])
    .find((said) => said !== undefined);
  return { id, timeout: timeout === undefined ? undefined : Number(timeout) };
}
