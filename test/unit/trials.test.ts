/** What `fast-ll check` makes of what it has measured of an edge elsewhere. */
import { describe, expect, test } from 'vitest';
import { crowdVerdict } from '../../agent/check/trials/crowd.ts';
import { cuttingVerdict, type CutOutcome } from '../../agent/check/trials/cutting.ts';
import { hintsVerdict } from '../../agent/check/trials/hints.ts';
import { heldVerdict } from '../../agent/check/trials/holding.ts';
import { longPutVerdict } from '../../agent/check/trials/long-put.ts';
import { objectsVerdict } from '../../agent/check/trials/objects.ts';
import { sharingVerdict } from '../../agent/check/trials/sharing.ts';
import { smallPiecesVerdict } from '../../agent/check/trials/small-pieces.ts';
import { stayingVerdict } from '../../agent/check/trials/staying.ts';
import type { Verdict } from '../../agent/check/trials/trial.ts';
import { milliseconds, seconds, type Milliseconds } from '../../protocol/units.ts';

/** Times so far apart, each `later` than it would be. */
const times = (count: number, gap: number, later: number | ((index: number) => number) = 0): Milliseconds[] =>
  Array.from({ length: count }, (_, index) =>
    milliseconds(index * gap + (typeof later === 'number' ? later : later(index))),
  );

/** What is not good says after a colon what to do. */
function expectVerdict({ grade, says }: Verdict, expected: Verdict['grade'], text: RegExp): void {
  expect(grade).toBe(expected);
  expect(says).toMatch(text);
  if (grade !== 'good') expect(says).toMatch(/: \w/);
}

describe('new objects', () => {
  const rounds = (first: number, second: number) =>
    [0, 3, 1].map((more) => ({ without: 40 + more, first: 40 + first + more, second: 40 + second + more }));

  test.for([
    [
      120,
      20,
      'good',
      /^an object's first use takes 121 ms more than a request without \(at most 123\), its second 21$/,
    ],
    [700, 20, 'poor', /longer segments need fewer/],
    [120, 300, 'poor', /its second 301: /],
    [2500, 20, 'broken', /longer segments/],
  ] as const)('that take %d ms, and %d when they are known, are %s', ([first, second, grade, text]) => {
    expectVerdict(objectsVerdict(rounds(first, second)), grade, text);
  });
});

describe('small pieces', () => {
  const passage = (later: number | ((index: number) => number)) => ({
    ...{ written: times(15, 100), arrived: times(15, 100, later), opened: milliseconds(0), gap: milliseconds(100) },
  });

  test('that come as they were sent are good, however far away', () => {
    expectVerdict(smallPiecesVerdict(passage(180)), 'good', /come back as they were sent, after 180 ms$/);
    // One that was late.
    expectVerdict(smallPiecesVerdict(passage((index) => (index === 3 ? 90 : 10))), 'good', /after 10 ms$/);
  });

  test('of which four wait for each other are poor', () => {
    expectVerdict(
      smallPiecesVerdict(passage((index) => 10 + 100 * (3 - (index % 4)))),
      'poor',
      /collected, 200 ms later/,
    );
  });

  test('that come when all were sent are broken', () => {
    expectVerdict(smallPiecesVerdict(passage((index) => 10 + 100 * (14 - index))), 'broken', /collected/);
  });
});

test.for([
  [40, 'good'],
  [1400, 'poor'],
  // Before there is anything to answer with.
  [-500, 'broken'],
] as const)('a GET that was held and is answered %d ms after its PUT is %s', ([after, grade]) => {
  expectVerdict(heldVerdict(seconds(3), after), grade, /^a GET that comes 3 s early is answered/);
});

describe('a long PUT', () => {
  const written = times(41, 1000);

  test('that comes through is good, one of which a piece is late poor', () => {
    expectVerdict(
      longPutVerdict(written, times(41, 1000, 60)),
      'good',
      /^a PUT of 40 s comes through, and each piece within 60 ms$/,
    );
    const unsteady = times(41, 1000, (index) => (index === 20 ? 2000 : 60));
    expectVerdict(longPutVerdict(written, unsteady), 'poor', /within 2000 ms: something on the way/);
  });

  test('of which pieces are missing is broken', () => {
    expectVerdict(longPutVerdict(written, times(30, 1000, 60)), 'broken', /of 41 pieces 30 came/);
  });
});

describe('PUTs that were cut off', () => {
  const outcomes = (...seen: readonly CutOutcome['seen'][]): CutOutcome[] =>
    seen.map((one, index) => ({
      ...{
        how: (['FIN', 'RST', 'HTTP/2 reset'] as const)[Math.floor(index / 2)]!,
        isMarked: index % 2 === 1,
        seen: one,
      },
    }));

  test('are good when all fail', () => {
    const all = cuttingVerdict(outcomes('failed', 'failed', 'failed', 'failed'));
    expectVerdict(all, 'good', /by FIN or RST never looks whole$/);
    expect(all.figures).toEqual({ FIN: 'failed', 'FIN, marked': 'failed', RST: 'failed', 'RST, marked': 'failed' });
  });

  test('are poor when viewers wait, or when one looks whole that had not said how it ends', () => {
    const waiting = cuttingVerdict(outcomes('still open', 'still open', 'failed', 'failed'));
    expectVerdict(waiting, 'poor', /by FIN keeps its viewers waiting/);
    const unmarked = cuttingVerdict(outcomes('still open', 'failed', 'failed', 'failed', 'whole', 'failed'));
    expectVerdict(unmarked, 'poor', /by HTTP\/2 reset looks whole to viewers, unless its encoder says/);
  });

  test('are broken when one looks whole that had', () => {
    expectVerdict(cuttingVerdict(outcomes('whole', 'whole')), 'broken', /by FIN looks whole to viewers: deploy/);
  });
});

describe('a crowd', () => {
  const written = times(5, 200);

  test.for([
    [300, 'good', /^300 GETs at once get each piece within 300 ms, half of them within 300$/],
    [2000, 'poor', /FAN_OUT = "cache"/],
  ] as const)('that gets its pieces within %d ms is %s', ([later, grade, text]) => {
    const arrivals = Array.from({ length: 300 }, () => times(5, 200, later));
    expectVerdict(crowdVerdict(written, arrivals, []), grade, text);
  });

  test('of which one is turned away, or cut short, is broken', () => {
    const arrivals = Array.from({ length: 299 }, () => times(5, 200, 20));
    expectVerdict(
      crowdVerdict(written, arrivals, ['GET gets 503']),
      'broken',
      /^of 300 GETs at once 1 did not .* \(GET gets 503\): /,
    );
    expectVerdict(
      crowdVerdict(written, [...arrivals, times(4, 200, 20)], []),
      'broken',
      /^of 300 GETs at once 1 did not/,
    );
  });
});

describe('segments that nobody asks for', () => {
  const looks = (...isThere: readonly boolean[]) =>
    isThere.map((one, index) => ({ time: [12, 25, 40, 55][index]!, isThere: one }));

  test('stay, or are gone after a while, or at once', () => {
    expectVerdict(stayingVerdict(looks(true, true, true, true)), 'good', /stays, 55 s without being asked for$/);
    const some = stayingVerdict(looks(true, true, false, false));
    expectVerdict(some, 'poor', /is gone after 40 s without being asked for: deploy with/);
    expect(some.figures).toEqual({ staysS: 25 });
    expectVerdict(stayingVerdict(looks(false, false, false, false)), 'broken', /is gone after 12 s/);
  });
});

describe('sharing through the cache', () => {
  const written = times(8, 200);
  const arrivals = Array.from({ length: 10 }, () => times(8, 200, 30));

  test('is good when one answer serves all, piece by piece', () => {
    expectVerdict(sharingVerdict({ written, arrivals, reached: 1 }), 'good', /^10 who asked at once shared one answer/);
  });

  test('is poor when hardly anybody shares', () => {
    expectVerdict(
      sharingVerdict({ written, arrivals, reached: 10 }),
      'poor',
      /10 reached the object, so hardly anybody/,
    );
  });

  test('is broken when the cache collects pieces, or has gaps', () => {
    const whole = times(8, 200, (index) => 200 * (7 - index) + 30);
    expectVerdict(
      sharingVerdict({ written, arrivals: [...arrivals, whole], reached: 1 }),
      'broken',
      /collects pieces, for up to 1400 ms/,
    );
    const short = times(7, 200, 30);
    expectVerdict(
      sharingVerdict({ written, arrivals: [...arrivals, short], reached: 1 }),
      'broken',
      /^1 of 11 .* with a gap/,
    );
  });
});

describe('tokens in Early Hints', () => {
  const link = '</front/manifest.mpd?token=check-1>; rel=preload';

  test('are nobody else’s, or leak, or could', () => {
    expectVerdict(hintsVerdict(['', ''], [''], 'check-1'), 'good', /^nobody is told/);
    expectVerdict(hintsVerdict([link], [link], 'check-1'), 'broken', /is told to others in Early Hints: turn/);
    expectVerdict(hintsVerdict([link], [''], 'check-1'), 'broken', /^pages have tokens in their Link headers/);
    expectVerdict(hintsVerdict([''], ['</front/manifest.mpd?token=other>'], 'check-1'), 'broken', /^pages have tokens/);
  });
});
