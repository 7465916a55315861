import type { Logger } from 'pino';
import { request } from 'undici';
import type { Sighting } from '../protocol/edge-clock.ts';
import { TIME_HEADER } from '../protocol/headers.ts';
import { milliseconds, type Milliseconds } from '../protocol/units.ts';
import type { Clock } from './clock.ts';
import { EdgeClock, NOTICED } from './edge-clock.ts';
import { messageOf } from './errors.ts';
import { edgeUrl, type Edge } from './upload/edge.ts';

/** The first few answers show how quick they can be; none of these is a number of whole seconds (see `askTime`). */
const FIRST_ASKS = 5;
const LOOK_INTERVAL = milliseconds(1118);
const INTERVAL = milliseconds(30_618);
const PATIENCE = milliseconds(3000);

export interface Following {
  /** This machine's. */
  readonly own: Clock;
  readonly edge: Edge;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * The clock of an edge elsewhere. The edge has been asked once, and is asked again until the signal is aborted: now and
 * then, and at once when this machine's clock is set, because it may be the edge's too, or when this machine has slept,
 * while which no clock goes on that never steps. Neither this nor `over` rejects.
 */
export async function followEdge(
  following: Following,
): Promise<{ readonly clock: Clock; readonly over: Promise<void> }> {
  const clock = new EdgeClock(following.own);
  await ask(clock, following);
  return { clock, over: keep(clock, following) };
}

async function keep(clock: EdgeClock, following: Following): Promise<void> {
  const { own, signal } = following;
  const ownAhead = (): number => own.wall() - own.monotonic();
  let [before, left, next] = [ownAhead(), FIRST_ASKS - 1, own.monotonic()];
  for (;;) {
    await own.sleep(LOOK_INTERVAL, signal);
    if (signal.aborted) return;
    if (Math.abs(ownAhead() - before) > NOTICED) left = FIRST_ASKS;
    if (left === 0 && own.monotonic() < next) continue;
    [before, left, next] = [ownAhead(), Math.max(0, left - 1), milliseconds(own.monotonic() + INTERVAL)];
    await ask(clock, following);
  }
}

/** Without an answer the clock is what it was. */
async function ask(clock: EdgeClock, { own, edge, log, signal }: Following): Promise<void> {
  try {
    clock.hear((await askTime(edge, own, signal)).sighting);
    clock.remark(log);
  } catch (error) {
    log.debug(`the edge's clock: ${messageOf(error)}`);
  }
}

/** What the edge says that it is. */
export interface EdgeTime {
  readonly sighting: Sighting;
  /** How much less players are told; undefined where the edge doesn't say. */
  readonly displacement: Milliseconds | undefined;
}

/**
 * An edge that is older than that header has only `Date`, in whole seconds: asked at all parts of a second it tells the time
 * to a few hundredths all the same.
 * @throws what kept the edge from telling its time
 */
export async function askTime(edge: Edge, own: Clock, signal: AbortSignal): Promise<EdgeTime> {
  const asked = own.monotonic();
  const answer = await request(edgeUrl(edge, '/isotime'), {
    dispatcher: edge.dispatcher,
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE)]),
  });
  const answered = own.monotonic();
  const text = await answer.body.text();
  if (answer.statusCode !== 200) throw new Error(`it answers ${answer.statusCode}`);
  const precise = timeOf(answer.headers[TIME_HEADER]);
  const told = precise ?? timeOf(answer.headers['date']);
  if (told === undefined) throw new Error('it tells no time');
  const players = timeOf(text.trim());
  return {
    sighting: { asked, answered, told, unit: milliseconds(precise === undefined ? 1000 : 1) },
    displacement: precise === undefined || players === undefined ? undefined : milliseconds(precise - players),
  };
}

function timeOf(header: string | string[] | undefined): Milliseconds | undefined {
  const time = typeof header === 'string' ? Date.parse(header) : NaN;
  return Number.isNaN(time) ? undefined : milliseconds(time);
}
