import { WorkerEntrypoint } from 'cloudflare:workers';
import { milliseconds } from '../../protocol/units.ts';
import type { Env } from '../env.ts';
import { toResponse } from '../errors.ts';
import { problemOf } from '../object-errors.ts';
import { answerOf } from './answer.ts';
import { questionOf } from './question.ts';
import { shared } from './sharing.ts';

/**
 * An origin shield: the objects see data centres instead of viewers. The platform's cache stands in front of this
 * entrypoint (wrangler.toml, `exports`): those who ask the same at one time join the first one's answer while it is being
 * made, per data centre and then in an upper tier, so an object has a handful of readers whatever its audience.
 *
 *     viewer ─▶ routes: token, clock, switching ─▶ cache ─▶ Shield ─▶ Segment or Stream object
 *
 * Only the Worker itself can call it. Where there is no such cache, as in workerd on one machine, each call runs it.
 */
export class Shield extends WorkerEntrypoint<Env> {
  override async fetch(request: Request): Promise<Response> {
    const question = questionOf(request);
    if (question === undefined) return toResponse({ kind: 'no such page' });
    const now = milliseconds(Date.now());
    try {
      return shared(await answerOf(this.env, this.ctx, question, request, now), question.terms.keep);
    } catch (error) {
      return toResponse(problemOf(error));
    }
  }
}
