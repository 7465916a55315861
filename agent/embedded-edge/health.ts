import { milliseconds, type Milliseconds } from '../../protocol/units.ts';

/** What became of a question to the edge: `silent` is none that was refused, but one that got no answer. */
export type Pulse = 'well' | 'failed' | 'silent';

/** How long the edge may fail before it is started anew; twice as long with each time that did not help. */
const PATIENCE = { failed: milliseconds(10_000), silent: milliseconds(20_000) };
const MOST_PATIENCE = milliseconds(300_000);
/** After so long a time of health the next failure is a new matter. */
const CURED = milliseconds(60_000);

/**
 * When an edge that fails is to be started anew. Pure.
 *
 *              failed, silent                  for as long as its patience
 *     well ─────────────────────▶ failing ─────────────────────────────────▶ told to restart
 *      ▲                           │   ▲                                           │
 *      └───────────────────────────┘   └───────────────────────────────────────────┘
 *               one answer
 */
export class Health {
  #failingSince: Milliseconds | undefined;
  #wellSince: Milliseconds | undefined;
  #restarts = 0;

  /** How often it has been started anew without being cured since. */
  get restarts(): number {
    return this.#restarts;
  }

  get isFailing(): boolean {
    return this.#failingSince !== undefined;
  }

  /** @param now monotonic @returns whether to start it anew */
  note(pulse: Pulse, now: Milliseconds): boolean {
    if (pulse === 'well') {
      this.#failingSince = undefined;
      this.#wellSince ??= now;
      if (now - this.#wellSince >= CURED) this.#restarts = 0;
      return false;
    }
    this.#wellSince = undefined;
    this.#failingSince ??= now;
    const patience = Math.min(PATIENCE[pulse] * 2 ** this.#restarts, MOST_PATIENCE);
    if (now - this.#failingSince < patience) return false;
    this.#failingSince = now;
    this.#restarts += 1;
    return true;
  }
}
