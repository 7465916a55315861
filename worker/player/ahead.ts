/**
 * Asks for the next segment while one is still being received, so that it comes right behind it. dash.js asks for a
 * segment when the one before has ended: over a far network every segment would begin a round trip late. The edge holds
 * what is asked for early. dash.js loads by `fetch`, and is given here what was asked for before; all else it is not.
 */
interface Asked {
  readonly url: string;
  readonly answer: Promise<Response>;
  readonly abort: () => void;
}

const asked = new Map<string, Asked>();
const fetchAnew = globalThis.fetch.bind(globalThis);

globalThis.fetch = async (input, init) => {
  const before = input instanceof Request ? asked.get(input.url) : undefined;
  if (before === undefined || !(input instanceof Request)) return fetchAnew(input, init);
  asked.delete(before.url);
  input.signal.addEventListener('abort', before.abort, { once: true });
  const answer = await before.answer.catch(() => undefined);
  return answer?.ok === true ? answer : fetchAnew(input, init);
};

/** Of one video. */
export class Ahead {
  #timer: ReturnType<typeof setTimeout> | undefined;
  #asked: Asked | undefined;

  /**
   * @param now is about to be loaded @param next will be after it, and is to be asked for `inMs` from now
   * @param wise asked then: on a network that is too slow for the first, a second only takes from it
   */
  plan(now: string, next: string, inMs: number, wise: () => boolean): void {
    if (this.#asked?.url !== now) this.end();
    clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        if (wise()) this.#ask(next);
      },
      Math.max(0, inMs),
    );
  }

  /** Whatever was asked for, and was not taken, is not wanted any more. */
  end(): void {
    clearTimeout(this.#timer);
    if (this.#asked === undefined || !asked.delete(this.#asked.url)) return;
    this.#asked.abort();
    this.#asked = undefined;
  }

  #ask(url: string): void {
    const over = new AbortController();
    const answer = fetchAnew(url, { signal: over.signal });
    // Whoever takes it hears of a failure.
    answer.catch(() => {});
    this.#asked = { url, answer, abort: () => over.abort() };
    asked.set(url, this.#asked);
  }
}
