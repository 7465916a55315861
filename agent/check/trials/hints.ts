import { once } from 'node:events';
import { request as overHttp, type IncomingMessage } from 'node:http';
import { request as overHttps } from 'node:https';
import { connect } from 'node:http2';
import { randomUUID } from 'node:crypto';
import { ask, type Asking } from '../edge-request.ts';
import { within } from '../probe.ts';
import { edgeUrl } from '../../upload/edge.ts';
import { USER_AGENT } from '../../upload/user-agent.ts';
import type { Trial, Verdict } from './trial.ts';

/** Whether somebody's token is told to others in Early Hints (RFC 8297): a zone that has them keeps `Link`s by path. */
const VISITS = 3;
const PATIENCE_MS = 8000;

export const earlyHints: Trial = {
  name: 'tokens in Early Hints',
  kind: 'brief',
  run: async (asking, stream) => {
    using limited = within(asking, PATIENCE_MS);
    const token = `check-${randomUUID()}`;
    const page = `/${stream}/`;
    const own: string[] = [];
    // As a page is asked for by a viewer who has a token, often enough that a `Link` of it would be kept.
    for (let visit = 0; visit < VISITS; visit += 1) {
      const { headers } = await ask(limited, `${page}?token=${token}`);
      own.push(String(headers['link'] ?? ''));
    }
    return hintsVerdict(own, await linksOf(limited, edgeUrl(asking.edge, page)), token);
  },
};

/** Every `Link` that comes of a page, also before its answer (103). */
async function linksOf({ signal }: Asking, url: URL): Promise<string[]> {
  return (url.protocol === 'https:' ? await http2Links(url, signal) : undefined) ?? http1Links(url, signal);
}

async function http1Links(url: URL, signal: AbortSignal): Promise<string[]> {
  const request = url.protocol === 'https:' ? overHttps : overHttp;
  const links: string[] = [];
  const asked = request(url, { signal, headers: { 'user-agent': USER_AGENT } });
  asked.on('information', ({ headers }) => links.push(String(headers['link'] ?? '')));
  asked.end();
  const [answer] = (await once(asked, 'response', { signal })) as [IncomingMessage];
  answer.resume();
  return [...links, String(answer.headers['link'] ?? '')];
}

/** Undefined where it is not spoken. Cloudflare sends hints over HTTP/2 and later only. */
async function http2Links(url: URL, signal: AbortSignal): Promise<string[] | undefined> {
  const session = connect(url.origin);
  try {
    await once(session, 'connect', { signal });
    const links: string[] = [];
    const asked = session.request({ ':path': url.pathname, 'user-agent': USER_AGENT }, { signal });
    asked.on('headers', (headers) => links.push(String(headers['link'] ?? '')));
    const [headers] = (await once(asked, 'response', { signal })) as [Record<string, string | undefined>];
    return [...links, headers['link'] ?? ''];
  } catch {
    signal.throwIfAborted();
    return undefined;
  } finally {
    session.destroy();
  }
}

/**
 * Pure.
 * @param own `Link`s that came to one who had `token`
 * @param others those that came to one who had none
 */
export function hintsVerdict(own: readonly string[], others: readonly string[], token: string): Verdict {
  const has = (links: readonly string[]): boolean => links.some((link) => link.includes(token));
  if (has(others)) {
    const says =
      "one viewer's token is told to others in Early Hints: turn Early Hints off (Speed, Content Optimization), purge the cache, and exchange the tokens";
    return { grade: 'broken', says, figures: { leaks: true } };
  }
  if (has(own) || others.some((link) => link.includes('token='))) {
    const says =
      'pages have tokens in their Link headers, which a zone with Early Hints tells to others: deploy the version of this agent, and purge the cache';
    return { grade: 'broken', says, figures: { leaks: false } };
  }
  return { grade: 'good', says: "nobody is told another one's token in Early Hints", figures: { leaks: false } };
}
