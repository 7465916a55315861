import { Dispatcher } from 'undici';

/**
 * Connections to the edge, kept for the next request; HTTP/2, one for all, where the edge has it.
 *
 * After an outage TCP tries one that was in use again only after as long a time as it was out, and with HTTP/2 all
 * requests are on it. So those that have gone silent are left, by all that comes after.
 */
export class Connections extends Dispatcher {
  readonly #make: () => Dispatcher;
  #current: Dispatcher;
  readonly #left = new Set<Dispatcher>();

  /** @param make makes those that requests are to take from now on */
  constructor(make: () => Dispatcher) {
    super();
    this.#make = make;
    this.#current = make();
  }

  /** Names the connections that requests take now, for `leave`. */
  get current(): object {
    return this.#current;
  }

  /** New requests don't take these any more; those that are under way on them go on. */
  leave(connections: object): void {
    if (connections !== this.#current) return;
    const left = this.#current;
    this.#left.add(left);
    this.#current = this.#make();
    // Resolves when the last request has ended, in whatever way.
    void left.close().finally(() => this.#left.delete(left));
  }

  override dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler): boolean {
    return this.#current.dispatch(options, handler);
  }

  override async destroy(): Promise<void> {
    await Promise.all([this.#current, ...this.#left].map((dispatcher) => dispatcher.destroy()));
  }
}
