import { sign, verify } from 'hono/jwt';
import * as z from 'zod';
import { streamNameSchema, type StreamName } from './names.ts';
import { seconds, type Seconds } from './units.ts';

/**
 * Tokens are JWTs (RFC 7519) signed with HS256 and the secret `FASTLL_SECRET`. `sub` names the stream, or `*` for all;
 * `scope` says what its bearer may do there. Who may publish a stream may play it too.
 */
export const tokenClaimsSchema = z.object({
  sub: z.union([z.literal('*'), streamNameSchema]),
  scope: z.enum(['play', 'publish']),
  /** When it ends, in seconds since 1970. */
  exp: z.number(),
  /** When it begins; ours begin at once. */
  nbf: z.number().exactOptional(),
});
export type TokenClaims = z.infer<typeof tokenClaimsSchema>;
export type Right = TokenClaims['scope'];

const ALGORITHM = 'HS256';

/** In characters; one for a stream of the longest name has 260. */
export const MAX_TOKEN_LENGTH = 1024;

/** HS256 is no stronger than its key (RFC 7518, 3.2, asks for 32 bytes; people type secrets, so a little less will do). */
export const MIN_SECRET_LENGTH = 16;

export const signToken = (claims: TokenClaims, secret: string): Promise<string> => sign(claims, secret, ALGORITHM);

export const permits = (claims: TokenClaims, right: Right, stream: StreamName): boolean =>
  (claims.sub === '*' || claims.sub === stream) && (claims.scope === right || claims.scope === 'publish');

/**
 * Claims of a genuine token that has begun and has not ended; undefined for anything else, without saying why.
 * @param leeway by how much the clock of who made it may differ
 */
export async function readToken(
  token: string,
  secret: string,
  now: Seconds,
  leeway: Seconds = seconds(0),
): Promise<TokenClaims | undefined> {
  if (token.length > MAX_TOKEN_LENGTH) return undefined;
  const times = { exp: false, nbf: false, iat: false };
  const payload = await verify(token, secret, { alg: ALGORITHM, ...times }).catch(() => undefined);
  const { data: claims } = tokenClaimsSchema.safeParse(payload);
  if (claims === undefined || claims.exp <= now - leeway) return undefined;
  return claims.nbf === undefined || claims.nbf <= now + leeway ? claims : undefined;
}
