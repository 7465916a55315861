/** Lets requests wait until something about an object has come true. */
export class Changes {
  #next = Promise.withResolvers<void>();

  /** Something has changed: everyone who waits looks again. */
  notify(): void {
    this.#next.resolve();
    this.#next = Promise.withResolvers<void>();
  }

  /** The first defined value of `look`, which is asked now and after each change; undefined after `timeout` milliseconds. */
  async until<T>(look: () => T | undefined, timeout: number): Promise<T | undefined> {
    const over = Promise.withResolvers<'over'>();
    const timer = setTimeout(() => over.resolve('over'), timeout);
    try {
      for (;;) {
        const value = look();
        if (value !== undefined) return value;
        if ((await Promise.race([this.#next.promise, over.promise])) === 'over') return undefined;
      }
    } finally {
      clearTimeout(timer);
    }
  }
}
