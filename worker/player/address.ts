/**
 * What the address of a page says, and the addresses that follow from it. A token in it is carried on to everything
 * the page asks for and links to.
 */
export interface PageAddress {
  /** First part of the path: `front`, or `front-kitchen` for a viewer that calls itself `kitchen`. */
  readonly part: string;
  /** The stream in it. */
  readonly stream: string;
  readonly token: string | undefined;
  /** Latency to keep to, in milliseconds; else the player picks one. */
  readonly targetMs: number | undefined;
}

const LOWEST_TARGET_MS = 20;
const HIGHEST_TARGET_MS = 60_000;

/** Reads the address of a page; on the wall `part` and `stream` are empty. */
export function readAddress(url: URL): PageAddress {
  const part = url.pathname.split('/')[1] ?? '';
  const token = url.searchParams.get('token');
  const targetMs = Number(url.searchParams.get('target') ?? NaN);
  return {
    part,
    stream: part.split('-', 1)[0] ?? '',
    token: token === null || token === '' ? undefined : token,
    targetMs: targetMs >= LOWEST_TARGET_MS && targetMs <= HIGHEST_TARGET_MS ? targetMs : undefined,
  };
}

export const wallPath = (token: string | undefined): string => withToken('/', token);
export const playerPath = (part: string, token: string | undefined): string => withToken(`/${part}/`, token);
export const manifestPath = (part: string, token: string | undefined): string =>
  withToken(`/${part}/manifest.mpd`, token);
export const streamsPath = (token: string | undefined): string => withToken('/api/streams', token);
export const streamPath = (stream: string, token: string | undefined): string =>
  withToken(`/api/streams/${stream}`, token);

/** The token in what somebody pasted: a token, or a whole URL that holds one. */
export function tokenIn(pasted: string): string | undefined {
  const text = pasted.trim();
  const fromUrl = URL.canParse(text) ? new URL(text).searchParams.get('token') : null;
  const token = fromUrl ?? text;
  return token === '' || /\s|\//.test(token) ? undefined : token;
}

const withToken = (path: string, token: string | undefined): string =>
  token === undefined ? path : `${path}?token=${encodeURIComponent(token)}`;
