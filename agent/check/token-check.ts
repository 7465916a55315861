import { mediaPath } from '../../protocol/paths.ts';
import type { StreamName } from '../../protocol/names.ts';
import { tokenClaimsSchema, type TokenClaims } from '../../protocol/token.ts';
import { milliseconds, millisecondsOfSeconds, seconds, type Milliseconds } from '../../protocol/units.ts';
import { atMost } from './pool.ts';
import { ask, type Answer, type Asking } from './edge-request.ts';
import { errorOf, whyTurnedAway } from '../upload/refusal.ts';
import { about, type Finding } from './finding.ts';

/** What the edge says of the publish token. */
export interface TokenCheck {
  /** Streams that it may publish. */
  readonly accepted: readonly StreamName[];
  readonly findings: readonly Finding[];
}

const AT_ONCE = 4;

/**
 * Asks the edge about the token for each stream, by a PUT of a manifest that is none: the edge looks at the token first,
 * then at the manifest, and turns it away without touching the stream.
 * @param token as it was given; undefined where the agent makes its own
 */
export async function checkToken(
  asking: Asking,
  streams: readonly StreamName[],
  token: string | undefined,
): Promise<TokenCheck> {
  const answers = await atMost(AT_ONCE, streams, async (stream) => ({
    stream,
    answer: await ask(asking, mediaPath(stream, { kind: 'manifest' }), { body: 'whether the token is good' }),
  }));
  const now = asking.clock.wall();
  const claims = token === undefined ? undefined : claimsOf(token);
  const accepted = answers.filter(({ answer }) => isAccepted(answer)).map(({ stream }) => stream);
  const refused = answers.filter(({ answer }) => !isAccepted(answer));
  const reasons = Map.groupBy(refused, ({ answer }) => whyRefused(answer, claims, now));
  const finding = about('token', 'token');
  const findings = [...reasons].map(([why, of]) =>
    finding.broken(`not accepted for ${of.map(({ stream }) => stream).join(', ')}: ${why}`),
  );
  if (accepted.length > 0) findings.unshift(acceptedFinding(accepted, claims, now));
  return { accepted, findings };
}

/** It got as far as the manifest: the edge's answer names what it missed there. */
const isAccepted = ({ status, text }: Answer): boolean => status === 400 && text.includes('<MPD>');

/** What a token says of itself, taken at its word; undefined of one that is not of Fast-ll. */
export function claimsOf(token: string): TokenClaims | undefined {
  try {
    const payload: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());
    return tokenClaimsSchema.safeParse(payload).data;
  } catch {
    return undefined;
  }
}

/** Agents run for months. */
const SOON = millisecondsOfSeconds(seconds(3 * 86_400));
const MAKE = 'make one with: fast-ll token --publish --stream';

function acceptedFinding(streams: readonly StreamName[], claims: TokenClaims | undefined, now: Milliseconds): Finding {
  const finding = about('token', 'token');
  const accepted = `the edge accepts it for ${streams.join(', ')}`;
  if (claims === undefined) return finding.fine(accepted);
  const ends = millisecondsOfSeconds(seconds(claims.exp));
  const until = `${accepted}, until ${timeText(ends)}`;
  const figures = { ends: new Date(ends).toISOString() };
  if (ends - now > SOON) return finding.fine(until, figures);
  return finding.warning(`${until}, which is soon: ${MAKE} "${claims.sub}" --expires 365d`, figures);
}

/** Why, and what to do. */
export function whyRefused(answer: Answer, claims: TokenClaims | undefined, now: Milliseconds): string {
  const { status, text } = answer;
  const before = whyTurnedAway(answer);
  if (before !== undefined) return before;
  switch (status) {
    case 401:
      if (claims === undefined) return `it is no token of Fast-ll: ${MAKE} "*"`;
      if (millisecondsOfSeconds(seconds(claims.exp)) <= now) {
        return `it ended at ${timeText(milliseconds(claims.exp * 1000))}: ${MAKE} "${claims.sub}"`;
      }
      return "it was signed with another secret than the edge's FASTLL_SECRET: make it anew with that one";
    case 403:
      if (claims?.scope === 'play') return `it is for watching only: ${MAKE} "${claims.sub}"`;
      return `it is for ${claims === undefined ? 'something else' : `the stream ${claims.sub}`}: ${MAKE} "*"`;
    default:
      return `the edge answers ${status}: ${errorOf(text)}`;
  }
}

const timeText = (time: Milliseconds): string => `${new Date(time).toISOString().slice(0, 16).replace('T', ' ')}Z`;
