import type { Seconds } from '../protocol/units.ts';

/**
 * What can go wrong with a request, as data; `toResponse` alone turns it into HTTP. Messages are for people and never
 * hold a token or a credential.
 */
export type Problem =
  | { readonly kind: 'no such page' }
  | { readonly kind: 'not by this name'; readonly name: string }
  | { readonly kind: 'no such stream' }
  | { readonly kind: 'no such object' }
  | { readonly kind: 'segment too early'; readonly by: Seconds }
  | { readonly kind: 'segment too late'; readonly by: Seconds }
  | { readonly kind: 'segment absent' }
  | { readonly kind: 'method not allowed'; readonly allowed: readonly string[] }
  | { readonly kind: 'token needed' }
  | { readonly kind: 'token does not permit this' }
  | { readonly kind: 'no secret' }
  | { readonly kind: 'stream not ready'; readonly detail: string }
  | { readonly kind: 'bad body'; readonly detail: string }
  | { readonly kind: 'body too large'; readonly maxBytes: number }
  | { readonly kind: 'upload broke off' }
  | { readonly kind: 'range outside'; readonly bytes: number }
  | { readonly kind: 'another encoder writes this segment' }
  | {
      readonly kind: 'out of bounds';
      readonly status: 408 | 409 | 414 | 503;
      readonly expected: string;
      readonly got: string;
    }
  | { readonly kind: 'upgrade needed' }
  /** An object can't answer now. */
  | { readonly kind: 'try again'; readonly why: string; readonly after: Seconds }
  | { readonly kind: 'mistake' };

interface Answer {
  readonly status: number;
  readonly error: string;
  readonly headers?: Record<string, string>;
}

function answer(problem: Problem): Answer {
  switch (problem.kind) {
    case 'no such page':
      return { status: 404, error: 'there is nothing at this path' };
    case 'not by this name':
      return {
        status: 421,
        error: `expected the name of this machine or its address, got ${problem.name}: put "http://${problem.name}" into "origins" of the configuration if that is its name too`,
      };
    case 'no such stream':
      return { status: 404, error: 'no stream of this name' };
    case 'no such object':
      return { status: 404, error: 'the stream has no such object' };
    case 'segment too early':
      return { status: 404, error: `this segment starts in the future: asked too early by ${problem.by.toFixed(1)} s` };
    case 'segment too late':
      return { status: 404, error: `this segment has left the time-shift window ${problem.by.toFixed(1)} s ago` };
    case 'segment absent':
      return { status: 404, error: 'this segment has not arrived' };
    case 'method not allowed':
      return {
        status: 405,
        error: `expected one of the methods ${problem.allowed.join(', ')}`,
        headers: { allow: problem.allowed.join(', ') },
      };
    case 'token needed':
      return {
        status: 401,
        error: 'expected a valid token, as "Authorization: Bearer …" or as "?token=…"',
        headers: { 'www-authenticate': 'Bearer' },
      };
    case 'token does not permit this':
      return { status: 403, error: 'the token does not permit this' };
    case 'no secret':
      return { status: 503, error: 'this edge has no secret yet: run "npx wrangler secret put FASTLL_SECRET"' };
    case 'stream not ready':
      return { status: 503, error: `the stream is not ready: ${problem.detail}`, headers: { 'retry-after': '2' } };
    case 'bad body':
      return { status: 400, error: problem.detail };
    case 'body too large':
      return { status: 413, error: `expected a body of at most ${problem.maxBytes} bytes` };
    case 'range outside':
      return {
        status: 416,
        error: `expected a range within its ${problem.bytes} bytes`,
        headers: { 'content-range': `bytes */${problem.bytes}` },
      };
    case 'upload broke off':
      return { status: 400, error: 'the body broke off before its end' };
    case 'another encoder writes this segment':
      return { status: 409, error: 'another encoder writes this segment' };
    case 'out of bounds':
      return { status: problem.status, error: `expected ${problem.expected}, got ${problem.got}` };
    case 'upgrade needed':
      return { status: 426, error: 'expected a WebSocket', headers: { upgrade: 'websocket' } };
    case 'try again':
      return {
        status: 503,
        error: `${problem.why}: ask again in ${problem.after} s`,
        headers: { 'retry-after': String(problem.after) },
      };
    case 'mistake':
      return { status: 500, error: 'the edge made a mistake' };
  }
}

/** Never cached: a cached 404 would outlive the segment's coming. */
export function toResponse(problem: Problem, more: Readonly<Record<string, string>> = {}): Response {
  const { status, error, headers } = answer(problem);
  return Response.json({ error }, { status, headers: { 'cache-control': 'no-store', ...headers, ...more } });
}

/** A problem on its way up to where it becomes a response. */
export class ProblemError extends Error {
  override readonly name = 'ProblemError';
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.kind);
    this.problem = problem;
  }
}
