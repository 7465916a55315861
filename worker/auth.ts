import {
  MAX_TOKEN_LENGTH,
  MIN_SECRET_LENGTH,
  permits,
  readToken,
  type Right,
  type TokenClaims,
} from '../protocol/token.ts';
import type { StreamName } from '../protocol/names.ts';
import { seconds, type Seconds } from '../protocol/units.ts';
import type { Env } from './env.ts';
import { ProblemError } from './errors.ts';

/** For clocks that differ. */
const LEEWAY = seconds(30);

/**
 * A token where clients can put one: `Authorization: Bearer …`, which counts where there are both, or `?token=…` for
 * players, which send no headers. What is too long to be one is none.
 */
export function tokenOf(request: Request): string | undefined {
  const bearer = /^Bearer +(\S+)$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  return bearer === undefined ? urlTokenOf(request) : bounded(bearer);
}

/** The token in a request's URL. It alone may stand in an answer: whoever has sent one in a header keeps it there. */
export const urlTokenOf = (request: Request): string | undefined =>
  bounded(new URL(request.url).searchParams.get('token') ?? undefined);

const bounded = (token: string | undefined): string | undefined =>
  token === undefined || token.length > MAX_TOKEN_LENGTH ? undefined : token;

/** The request's claims; undefined without a genuine token. */
export async function claimsOf(request: Request, env: Env, now: Seconds): Promise<TokenClaims | undefined> {
  const token = tokenOf(request);
  if (token === undefined) return undefined;
  for (const secret of secretsOf(env)) {
    const claims = await readToken(token, secret, now, LEEWAY);
    if (claims !== undefined) return claims;
  }
  return undefined;
}

/** @throws ProblemError 401 without a genuine token, 403 with one for something else */
export async function demand(
  right: Right,
  stream: StreamName,
  request: Request,
  env: Env,
  now: Seconds,
): Promise<void> {
  const claims = await claimsOf(request, env, now);
  if (claims === undefined) throw new ProblemError({ kind: 'token needed' });
  if (!permits(claims, right, stream)) throw new ProblemError({ kind: 'token does not permit this' });
}

/** Whether a request has a genuine token for this; throws nothing, asks no object. */
export async function isVouchedFor(
  right: Right,
  stream: StreamName,
  request: Request,
  env: Env,
  now: Seconds,
): Promise<boolean> {
  if (longEnough(env.FASTLL_SECRET) === undefined) return false;
  const claims = await claimsOf(request, env, now);
  return claims !== undefined && permits(claims, right, stream);
}

/** Whether this edge lets everyone play everything. */
export const playbackIsOpen = (env: Env): boolean => env.PLAYBACK === 'open';

/** The secret, and the one before it while tokens are exchanged. */
function secretsOf(env: Env): string[] {
  const [current, previous] = [env.FASTLL_SECRET, env.FASTLL_SECRET_PREVIOUS].map(longEnough);
  if (current === undefined) throw new ProblemError({ kind: 'no secret' });
  return previous === undefined ? [current] : [current, previous];
}

const longEnough = (secret: string | undefined): string | undefined =>
  secret !== undefined && secret.length >= MIN_SECRET_LENGTH ? secret : undefined;
