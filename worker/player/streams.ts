import { streamsUrl, streamUrl, type PageAddress, type WallAddress } from './address.ts';

/** What the edge's API says of streams. */

const STATES = ['live', 'starting', 'idle', 'waiting', 'offline', 'pushed'] as const;
export type StreamState = (typeof STATES)[number];

export interface StreamEntry {
  readonly stream: string;
  readonly title: string;
  readonly state: StreamState;
  /** Why it waits, in a sentence. */
  readonly detail: string | undefined;
  /** Codec strings of its pictures. */
  readonly codecs: readonly string[];
}

/** An answer of the API: what was asked for, or what kept it from us. */
export type Answer<T> =
  | { readonly kind: 'ok'; readonly value: T }
  | { readonly kind: 'denied' }
  | { readonly kind: 'missing' }
  | { readonly kind: 'failed' }
  | { readonly kind: 'unreachable' };

/** `GET /api/streams` */
export const fetchStreams = (wall: WallAddress): Promise<Answer<readonly StreamEntry[]>> =>
  ask(streamsUrl(wall), (body) => {
    const streams = isRecord(body) ? body['streams'] : undefined;
    return Array.isArray(streams) ? streams.map(parseEntry).filter((entry) => entry !== undefined) : undefined;
  });

/** `GET /api/streams/{stream}` */
export const fetchStream = (page: PageAddress): Promise<Answer<StreamEntry>> => ask(streamUrl(page), parseEntry);

const TIMEOUT_MS = 8000;

async function ask<T>(url: string, parse: (body: unknown) => T | undefined): Promise<Answer<T>> {
  try {
    const response = await fetch(url, { cache: 'no-store', signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (response.status === 401 || response.status === 403) return { kind: 'denied' };
    if (response.status === 404) return { kind: 'missing' };
    if (!response.ok) return { kind: 'failed' };
    const value = parse(await response.json());
    return value === undefined ? { kind: 'failed' } : { kind: 'ok', value };
  } catch {
    return { kind: 'unreachable' };
  }
}

function parseEntry(body: unknown): StreamEntry | undefined {
  if (!isRecord(body)) return undefined;
  const { stream, title, state, detail, representations } = body;
  if (typeof stream !== 'string' || !isState(state)) return undefined;
  return {
    stream,
    title: typeof title === 'string' && title !== '' ? title : stream,
    state,
    detail: typeof detail === 'string' && detail !== '' ? detail : undefined,
    codecs: Array.isArray(representations)
      ? representations
          .map((one) => (isRecord(one) && 'width' in one ? one['codecs'] : undefined))
          .filter((one) => typeof one === 'string')
      : [],
  };
}

const isState = (value: unknown): value is StreamState => STATES.some((state) => state === value);
const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;
