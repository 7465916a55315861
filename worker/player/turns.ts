/**
 * Who may play, where not all can at once: over HTTP/1.1 a browser keeps six connections to a server, each live video
 * holds one of them, and the pages need one to spare. Those who wait take turns. Pure; times in milliseconds.
 */
export interface Turn<Key> {
  readonly key: Key;
  readonly plays: boolean;
  /** Since when it plays, or waits. */
  readonly since: number;
}

export const TURN_MS = 10_000;

/** The next turns of `wanted`, which are those that could play, in their order on the page. */
export function nextTurns<Key>(
  turns: readonly Turn<Key>[],
  wanted: readonly Key[],
  atOnce: number,
  now: number,
): Turn<Key>[] {
  const known = new Map(turns.map((turn) => [turn.key, turn]));
  const next = wanted.map((key) => known.get(key) ?? { key, plays: false, since: now });
  const playing = next.filter((turn) => turn.plays);
  const waiting = next.filter((turn) => !turn.plays).toSorted((a, b) => a.since - b.since);
  const free = atOnce - playing.length;
  // Spread over the time of a turn, so that most pictures go on.
  const calm = playing.every((turn) => now - turn.since >= TURN_MS / atOnce);
  const due = playing.filter((turn) => calm && now - turn.since >= TURN_MS).toSorted((a, b) => a.since - b.since);
  const change = new Set<Turn<Key>>(waiting.slice(0, Math.max(0, free)));
  const [leaves] = due;
  const [enters] = waiting.slice(change.size);
  if (leaves !== undefined && enters !== undefined) change.add(leaves).add(enters);
  return next.map((turn) => (change.has(turn) ? { ...turn, plays: !turn.plays, since: now } : turn));
}

const PLACES_OVER_HTTP_1 = 5;

/** How many videos this page may play at once, by the protocol it came over. */
export function places(): number {
  const [navigation] = performance.getEntriesByType('navigation');
  const protocol = navigation instanceof PerformanceNavigationTiming ? navigation.nextHopProtocol : '';
  return protocol.startsWith('http/1') ? PLACES_OVER_HTTP_1 : Infinity;
}
