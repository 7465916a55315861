import { milliseconds, type Milliseconds } from '../protocol/units.ts';

/**
 * When a request came, to put an encoder's requests for one name in order: each on a connection of its own, they overtake
 * each other on their way to the object. Two that one isolate has taken never have the same.
 */
export type Arrival = Milliseconds;

const STEP_MS = 1 / 1024;
let last = -Infinity;

export function arrivalAt(now: Milliseconds): Arrival {
  // A clock that was set back begins anew.
  last = last > now + 1000 ? now : Math.max(now, last + STEP_MS);
  return milliseconds(last);
}

/** What was deleted when: a PUT that came before is carried out already, and its effect is gone. */
export class Deletions<Name> {
  readonly #at = new Map<Name, Arrival>();

  add(name: Name, at: Arrival): void {
    this.#at.set(name, Math.max(at, this.#at.get(name) ?? -Infinity) as Arrival);
  }

  /** Whether a PUT that came `at` was deleted since. */
  has(name: Name, at: Arrival): boolean {
    return at < (this.#at.get(name) ?? -Infinity);
  }
}
