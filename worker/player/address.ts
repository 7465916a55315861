/**
 * What the address of a page says, and the addresses that follow from it. The edge may be below some path of a proxy, so
 * all are found from where the page is. A token in it is carried on to everything the page asks for and links to.
 */
export interface PageAddress {
  /** Where the edge is, with a slash at its end. */
  readonly edge: string;
  /** Last part of the path: `front`, or `front-kitchen` for a viewer that calls itself `kitchen`. */
  readonly part: string;
  /** The stream in it. */
  readonly stream: string;
  readonly token: string | undefined;
  /** Latency to keep to, in milliseconds; else the player picks one. */
  readonly targetMs: number | undefined;
}

export type WallAddress = Pick<PageAddress, 'edge' | 'token'>;

const LOWEST_TARGET_MS = 20;
const HIGHEST_TARGET_MS = 60_000;

/** Reads the address of a player's page: `{edge}/{part}/`. */
export function readAddress(url: URL): PageAddress {
  const part = url.pathname.split('/').at(-2) ?? '';
  const targetMs = Number(url.searchParams.get('target') ?? NaN);
  return {
    edge: new URL('..', url).href,
    part,
    stream: part.split('-', 1)[0] ?? '',
    token: tokenOf(url),
    targetMs: targetMs >= LOWEST_TARGET_MS && targetMs <= HIGHEST_TARGET_MS ? targetMs : undefined,
  };
}

/** Reads the address of the wall: `{edge}/`. */
export const readWallAddress = (url: URL): WallAddress => ({ edge: new URL('.', url).href, token: tokenOf(url) });

export const wallUrl = (at: WallAddress): string => urlOf(at, '');
export const playerUrl = (at: WallAddress, part: string): string => urlOf(at, `${part}/`);
export const manifestUrl = (at: PageAddress): string => urlOf(at, `${at.part}/manifest.mpd`);
export const streamsUrl = (at: WallAddress): string => urlOf(at, 'api/streams');
export const streamUrl = (at: PageAddress): string => urlOf(at, `api/streams/${at.stream}`);
/** The edge's clock, which is everyone's. */
export const clockUrl = ({ edge }: WallAddress): string => `${edge}isotime`;

/** The token in what somebody pasted: a token, or a whole URL that holds one. */
export function tokenIn(pasted: string): string | undefined {
  const text = pasted.trim();
  const fromUrl = URL.canParse(text) ? new URL(text).searchParams.get('token') : null;
  const token = fromUrl ?? text;
  return token === '' || /\s|\//.test(token) ? undefined : token;
}

const tokenOf = (url: URL): string | undefined => url.searchParams.get('token') || undefined;

const urlOf = ({ edge, token }: WallAddress, path: string): string =>
  `${edge}${path}${token === undefined ? '' : `?token=${encodeURIComponent(token)}`}`;
