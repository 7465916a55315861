import type { StreamName } from '../../protocol/names.ts';
import { milliseconds, secondsOfMilliseconds, type Milliseconds } from '../../protocol/units.ts';
import { isVouchedFor } from '../auth.ts';
import { directoryOf } from '../directory.ts';
import { elapsed } from '../elapsed.ts';
import type { EdgeContext, Env } from '../env.ts';
import { isCached, snapshotOf } from './cache.ts';
import type { StreamSnapshot } from './snapshot.ts';

/**
 * Tells a stream's name from one that somebody made up, so that those who ask for names at random ask the one Directory,
 * a few times a second from here, and bring no object into being.
 */
const INTERVAL = milliseconds(250);
const PAUSE = milliseconds(50);

/** The names of all streams, as the Directory told them when it was asked for the `told`-th time. */
let names: ReadonlySet<StreamName> = new Set();
let told = 0;
let asked = 0;
let askedAt = milliseconds(-Infinity);

/**
 * What is known of a stream, for those who may ask for any name. Its object is asked if the stream is known here, if a
 * token vouches for its name, or if the Directory has it.
 */
export async function knownSnapshotOf(c: EdgeContext, stream: StreamName, now: Milliseconds): Promise<StreamSnapshot> {
  const isKnown =
    isCached(stream) ||
    (await isVouchedFor('play', stream, c.req.raw, c.env, secondsOfMilliseconds(now))) ||
    (await isListed(c.env, stream, now));
  return isKnown ? snapshotOf(c.env, c.executionCtx, stream, now) : { kind: 'unknown' };
}

/** One that is not in the list waits for a list newer than the question: its camera may just have been announced. */
async function isListed(env: Env, stream: StreamName, now: Milliseconds): Promise<boolean> {
  const before = asked;
  for (let time = now; !names.has(stream); time = milliseconds(time + PAUSE)) {
    if (told > before) return false;
    if (elapsed(askedAt, time) >= INTERVAL) {
      askedAt = time;
      asked += 1;
      const turn = asked;
      names = new Set(await directoryOf(env).list());
      told = turn;
      return names.has(stream);
    }
    // Another request asks: its promise can't be awaited in this one.
    await scheduler.wait(PAUSE);
  }
  return true;
}
