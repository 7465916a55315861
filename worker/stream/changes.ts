/**
 * Lets requests wait until something about an object has come true: so many at a time, of whom the first gives up when one
 * more comes. Each has a timer, of which the runtime gives an object 10,000, and who has gone waits on.
 */
export class Changes {
  readonly #most: number;
  #next = Promise.withResolvers<void>();
  /** How each of those who wait is told to give up, first come first. */
  readonly #waiting = new Set<() => void>();

  constructor(most = 1000) {
    this.#most = most;
  }

  /** Something has changed: everyone who waits looks again. */
  notify(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
  }

  /** The first defined value of `look`, which is asked now and after each change; undefined after `timeout` milliseconds. */
  async until<T>(look: () => T | undefined, timeout: number): Promise<T | undefined> {
    const value = look();
    return value ?? this.#wait(look, timeout);
  }

  async #wait<T>(look: () => T | undefined, timeout: number): Promise<T | undefined> {
    const over = Promise.withResolvers<'over'>();
    const giveUp = (): void => {
      this.#waiting.delete(giveUp);
      over.resolve('over');
    };
    const [first] = this.#waiting;
    if (this.#waiting.size >= this.#most) first?.();
    this.#waiting.add(giveUp);
    const timer = setTimeout(giveUp, timeout);
    try {
      while ((await Promise.race([this.#next.promise, over.promise])) !== 'over') {
        const value = look();
        if (value !== undefined) return value;
      }
      return undefined;
    } finally {
      clearTimeout(timer);
      this.#waiting.delete(giveUp);
    }
  }
}
