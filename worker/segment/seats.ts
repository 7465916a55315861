/**
 * Room for those who GET a segment. When there is none left, a newcomer gets the seat of another one:
 *
 *     1. of those who have most, the newcomer counted in, the one that has been held longest;
 *     2. if they have more than the newcomer would have, the one that has been reading longest;
 *     3. none: the newcomer is refused.
 *
 * So nobody keeps others out, neither with many connections nor by leaving: that somebody who is held has left is often
 * not to be known before there is something to be sent.
 */
export class Seats {
  readonly #most: number;
  /** Of each viewer, in the order they were taken. */
  readonly #taken = new Map<string, Set<Seat>>();
  #size = 0;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#size;
  }

  /** @param viewer tells one from another, as far as the edge can; undefined when there is no room */
  take(viewer: string): Seat | undefined {
    if (this.#size >= this.#most) {
      const loser = this.#loserTo(viewer);
      if (loser === undefined) return undefined;
      loser.lose();
    }
    const own = this.#taken.get(viewer) ?? new Set();
    const seat: Seat = new Seat(() => {
      own.delete(seat);
      this.#size -= 1;
      if (own.size === 0) this.#taken.delete(viewer);
    });
    own.add(seat);
    this.#taken.set(viewer, own);
    this.#size += 1;
    return seat;
  }

  #loserTo(newcomer: string): Seat | undefined {
    const have = (viewer: string): number => (this.#taken.get(viewer)?.size ?? 0) + (viewer === newcomer ? 1 : 0);
    const viewers = [...this.#taken.keys()];
    const most = Math.max(0, ...viewers.map(have));
    const richest = viewers
      .filter((viewer) => have(viewer) === most)
      .flatMap((viewer) => [...(this.#taken.get(viewer) ?? [])]);
    return richest.find(({ isHeld }) => isHeld) ?? (most > have(newcomer) ? richest[0] : undefined);
  }
}

/** One GET's. */
export class Seat implements Disposable {
  readonly #onLeft: () => void;
  #onLost: () => void = () => {};
  #state: 'held' | 'reading' | 'left' = 'held';

  constructor(onLeft: () => void) {
    this.#onLeft = onLeft;
  }

  /** Nothing has been given to it. */
  get isHeld(): boolean {
    return this.#state === 'held';
  }

  /** @param onLost told when somebody else gets it */
  hold(onLost: () => void): void {
    this.#onLost = onLost;
  }

  /** It is kept until it is left. @param onLost told when somebody else gets it */
  read(onLost: () => void): void {
    if (this.#state === 'held') this.#state = 'reading';
    this.#onLost = onLost;
  }

  leave(): void {
    if (this.#state === 'left') return;
    this.#state = 'left';
    this.#onLeft();
  }

  lose(): void {
    this.leave();
    this.#onLost();
  }

  /** Leaves it, unless somebody reads by now. */
  [Symbol.dispose](): void {
    if (this.isHeld) this.leave();
  }
}
