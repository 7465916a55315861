import { sign, verify } from 'hono/jwt';
import * as z from 'zod';
import { streamNameSchema, type StreamName } from './names.ts';
import type { Seconds } from './units.ts';

/**
 * Tokens are JWTs (RFC 7519) signed with HS256 and the secret `FASTLL_SECRET`. `sub` names the stream, or `*` for all;
 * `scope` says what its bearer may do there. Who may publish a stream may play it too.
 */
export const tokenClaimsSchema = z.object({
  sub: z.union([z.literal('*'), streamNameSchema]),
  scope: z.enum(['play', 'publish']),
  /** When it ends, in seconds since 1970. */
  exp: z.number(),
});
export type TokenClaims = z.infer<typeof tokenClaimsSchema>;
export type Right = TokenClaims['scope'];

const ALGORITHM = 'HS256';

/** HS256 is no stronger than its key (RFC 7518, 3.2, asks for 32 bytes; people type secrets, so a little less will do). */
export const MIN_SECRET_LENGTH = 16;

export const signToken = (claims: TokenClaims, secret: string): Promise<string> => sign(claims, secret, ALGORITHM);

export const permits = (claims: TokenClaims, right: Right, stream: StreamName): boolean =>
  (claims.sub === '*' || claims.sub === stream) && (claims.scope === right || claims.scope === 'publish');

/** Claims of a genuine token that has not ended; undefined for anything else, without saying why. */
export async function readToken(token: string, secret: string, now: Seconds): Promise<TokenClaims | undefined> {
  const payload = await verify(token, secret, { alg: ALGORITHM, exp: false }).catch(() => undefined);
  const claims = tokenClaimsSchema.safeParse(payload);
  if (!claims.success || claims.data.exp <= now) return undefined;
  return claims.data;
}
