import type { Milliseconds } from '../../protocol/units.ts';
import { elapsed } from '../elapsed.ts';

/** More than an agent ever has to say, its camera failing twice a second or not. */
const MAX_MESSAGES = 100;
const WITHIN_MS = 10_000;

export const TOO_FAST = `expected at most ${MAX_MESSAGES} messages in ${WITHIN_MS / 1000} s, got more`;

/** How fast WebSockets talk, each by itself. Forgotten while the object sleeps: then none has talked for a while. */
export class Pace {
  readonly #heard = new WeakMap<WebSocket, { since: Milliseconds; messages: number }>();

  /** Counts a message. */
  allows(socket: WebSocket, now: Milliseconds): boolean {
    const heard = this.#heard.get(socket);
    if (heard === undefined || elapsed(heard.since, now) > WITHIN_MS) {
      this.#heard.set(socket, { since: now, messages: 1 });
      return true;
    }
    heard.messages += 1;
    return heard.messages <= MAX_MESSAGES;
  }
}
