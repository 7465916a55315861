/** Calls that wait in an object, by the names that the Worker has given them: see `leaving.ts`. */
export class Waiting {
  readonly #calls = new Map<string, () => void>();

  /** The call waits, until this is disposed of. @param onLeft told when nobody waits for its answer any more */
  add(call: string | undefined, onLeft: () => void): Disposable {
    if (call === undefined) return { [Symbol.dispose]: () => {} };
    this.#calls.set(call, onLeft);
    return { [Symbol.dispose]: () => this.#calls.delete(call) };
  }

  /** Whoever made this call has gone. */
  leave(call: string): void {
    this.#calls.get(call)?.();
  }
}

/** Waits for something, but not longer than `most` milliseconds. */
export async function orLater(promise: Promise<unknown>, most: number): Promise<void> {
  const over = Promise.withResolvers<void>();
  const timer = setTimeout(over.resolve, most);
  await Promise.race([promise, over.promise]);
  clearTimeout(timer);
}
