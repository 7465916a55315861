import type { Milliseconds } from '../../protocol/units.ts';
import type { EdgeContext, Env } from '../env.ts';
import { answerOf } from './answer.ts';
import { shieldRequest, type Question } from './question.ts';
import { unshared } from './sharing.ts';

/**
 * Asks for a viewer who has been found to be allowed to: straight from the objects, or through the cached entrypoint
 * where the deployment has it so (`FAN_OUT`). What one gets is the same.
 */
export async function ask(c: EdgeContext, question: Question, now: Milliseconds): Promise<Response> {
  const request = c.req.raw;
  const shield = shieldOf(c.env, c.executionCtx);
  if (shield === undefined || !isAnyones(request)) return answerOf(c.env, c.executionCtx, question, request, now);
  return unshared(await shield.fetch(shieldRequest(question)));
}

/** The Worker's own entrypoints. */
export interface Exports {
  readonly exports?: unknown;
}

/** The cached entrypoint, where viewers share answers. */
export const shieldOf = (env: Env, { exports }: Exports): Fetcher | undefined =>
  env.FAN_OUT === 'cache' ? (exports as { readonly Shield: Fetcher }).Shield : undefined;

/** A part, a HEAD and «if it has changed» are rare, and the object alone answers them exactly. */
const isAnyones = ({ method, headers }: Request): boolean =>
  method === 'GET' && !headers.has('range') && !headers.has('if-none-match');
