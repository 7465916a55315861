import type { Dispatcher } from 'undici';

/** An answer that is not what was asked for, whole. */
export interface Refusal {
  readonly status: number;
  readonly headers: Dispatcher.ResponseData['headers'];
  readonly text: string;
}

/** Why a request was turned away, and what to do where that is known. Pure. */
export const whyRefused = (refusal: Refusal): string => whyTurnedAway(refusal) ?? errorOf(refusal.text);

/**
 * The same where the edge never saw the request, but something before it answered: Cloudflare, a proxy, a firewall, with a
 * page for people. Undefined of what the edge itself has answered.
 */
export function whyTurnedAway({ status, headers, text }: Refusal): string | undefined {
  if (status < 400 || wordsOfTheEdge(text) !== undefined) return undefined;
  if (headers['cf-mitigated'] !== undefined) {
    return `Cloudflare challenges the agent (${status}), which only a browser can answer: ${LET_PASS}`;
  }
  const code = Number(/\berror(?: code)?:? (1\d{3})\b/i.exec(text)?.[1]);
  const known = CLOUDFLARE_ERRORS[code];
  if (known !== undefined) return known;
  if (headers['server'] === 'cloudflare' && status === 403) {
    return `Cloudflare turns the agent away (${Number.isNaN(code) ? status : `error ${code}`}): ${LET_PASS}`;
  }
  if (!/^text\/html\b/i.test(String(headers['content-type']))) return undefined;
  const name = headers['server'] === undefined ? undefined : /^[\w./ -]{1,40}$/.exec(String(headers['server']))?.[0];
  const who = `what is before the edge${name === undefined ? '' : ` (${name})`}`;
  return `${who} answers ${status} with a page of its own: have it let the edge's requests through`;
}

const LET_PASS =
  'in its dashboard, for the edge\'s host name, turn Browser Integrity Check off (Configuration Rules), skip the firewall\'s rules (a custom rule with the action "Skip"), and have no Bot Fight Mode';

/** Cloudflare's own of which more can be said (developers.cloudflare.com/support/troubleshooting/http-status-codes). */
const CLOUDFLARE_ERRORS: Readonly<Record<number, string>> = {
  1015: "Cloudflare takes the agent for too fast (error 1015): change or skip the rate limiting rules for the edge's host name",
  1027: "the free plan's requests of this day are used up: wait for midnight UTC, or take the paid plan",
};

/** What an answer of the edge says went wrong. */
export const errorOf = (text: string): string => wordsOfTheEdge(text) ?? text.replace(/\s+/g, ' ').trim().slice(0, 200);

/** As the edge says everything: `{"error": "…"}`. */
function wordsOfTheEdge(text: string): string | undefined {
  try {
    const body: unknown = JSON.parse(text);
    if (typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'string')
      return body.error;
  } catch {
    // Not the edge's own words then.
  }
  return undefined;
}
