/** What a deployment costs: by hand, from the platform's price list, against what is computed. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { monthlyBill, perCameraDay, perViewerHour, shareOfFreePlan } from '../../agent/cost/bill.ts';
import type { Deployment } from '../../agent/cost/deployment.ts';
import { estimate } from '../../agent/cost/estimate.ts';
import { leversOf } from '../../agent/cost/levers.ts';
import { logsOf } from '../../agent/cost/logs.ts';
import { holdsUpTo, LIMITS, nearestLimit, representationsPerIsolate } from '../../agent/cost/limits.ts';
import { report } from '../../agent/cost/report.ts';
import { withTables } from '../../agent/cost/scale.ts';
import { cameraHour, dailyUsage, readersOf } from '../../agent/cost/usage.ts';
import { count, money, share } from '../../agent/cost/words.ts';
import { seconds } from '../../protocol/units.ts';

const ONE: Deployment = {
  cameras: 1,
  viewers: 1,
  hours: 24,
  watched: 1,
  alwaysOn: false,
  qualities: 1,
  bitrate: 2000,
  segmentDuration: seconds(1),
  timeShift: seconds(30),
  dataCentres: 330,
};

describe('a camera for an hour', () => {
  test('with segments of 1 s and a window of 30 s', () => {
    const usage = cameraHour(ONE);
    expect(usage.workerRequests).toBe(3600);
    // Two for each PUT, a snapshot a second, and 360 pings at 20 to 1.
    expect(usage.objectRequests).toBe(2 * 3600 + 3600 + 18);
    // Each of 3,600 objects is active from a fragment before its segment to the end of its window, and not longer.
    expect(usage.gigabyteSeconds).toBeCloseTo(3600 * 31.1 * 0.128 + 3600 * 0.005 * 0.128, 6);
  });

  test('with segments of 4 s: a quarter of the PUTs, and they ask for a snapshot each', () => {
    const usage = cameraHour({ ...ONE, segmentDuration: seconds(4), timeShift: seconds(4) });
    expect([usage.workerRequests, usage.objectRequests]).toEqual([900, 2 * 900 + 900 + 18]);
    expect(usage.gigabyteSeconds).toBeCloseTo(900 * 8.1 * 0.128 + 900 * 0.005 * 0.128, 6);
  });

  test('of three qualities: three times the PUTs', () => {
    expect(cameraHour({ ...ONE, qualities: 3 }).workerRequests).toBe(3 * 3600);
  });

  test('with hardly a window: a segment is kept while it may still come', () => {
    const [none, two] = [0, 2].map((s) => cameraHour({ ...ONE, timeShift: seconds(s) }).gigabyteSeconds);
    expect(none).toBe(two);
  });

  test('with a window of an hour, which several timers keep', () => {
    const usage = cameraHour({ ...ONE, timeShift: seconds(3600) });
    expect(usage.gigabyteSeconds).toBeCloseTo(3600 * 3601.1 * 0.128 + 3600 * 0.005 * 0.128, 6);
  });
});

describe('a day', () => {
  test('of a camera that is on while watched has the hours in which somebody watches', () => {
    const [whole, half] = [24, 12].map((hours) => dailyUsage({ ...ONE, hours }, 'direct').gigabyteSeconds);
    expect(half! / whole!).toBeCloseTo(0.5, 9);
  });

  test('of one that is always on has 24', () => {
    const usage = dailyUsage({ ...ONE, alwaysOn: true, viewers: 0 }, 'direct');
    expect(usage.workerRequests).toBe(24 * 3600);
  });

  test('without viewers costs nothing but the plan', () => {
    expect(monthlyBill({ ...ONE, viewers: 0 }, 'direct')).toBe(5);
    expect(perViewerHour({ ...ONE, viewers: 0 }, 'direct')).toBe(0);
  });

  test('of few of many cameras has the PUTs of those', () => {
    const usage = dailyUsage({ ...ONE, cameras: 10, watched: 0.2, hours: 1, viewers: 0 }, 'direct');
    const watched = dailyUsage({ ...ONE, cameras: 10, watched: 0.2, hours: 1, viewers: 2 }, 'direct');
    expect(usage.workerRequests).toBe(0);
    // Two cameras' PUTs; two viewers' GETs, and their manifests.
    expect(watched.workerRequests).toBeCloseTo(2 * 3600 + 2 * 3600 + 2 * 360, 6);
  });
});

describe('dollars', () => {
  test('of a camera-day', () => {
    const requests = (24 * 3600 * 0.3) / 1e6;
    const cpu = (24 * 3600 * 1 * 0.02) / 1e6;
    const objects = (24 * (2 * 3600 + 3600 + 18) * 0.15) / 1e6;
    const duration = (24 * 3600 * (31.1 + 0.005) * 0.128 * 12.5) / 1e6;
    const rows = (24 * 3600 * 4 * 0.001) / 1e6;
    expect(perCameraDay(ONE)).toBeCloseTo(requests + cpu + objects + duration + rows, 9);
    expect(money(perCameraDay(ONE))).toBe('$4.37');
  });

  test('of a viewer-hour, of a thousand who share a camera', () => {
    // A GET a second and a manifest every ten; each is a request to the Worker and one to an object.
    const each = 1.1 * 3600;
    const alone = (each * (0.3 + 0.15) + each * 0.02) / 1e6;
    const thousand = perViewerHour({ ...ONE, viewers: 1000 }, 'direct');
    // And of 330 isolates, each touches the next object, and asks how the stream is.
    expect(thousand).toBeGreaterThan(alone);
    expect(thousand).toBeLessThan(alone * 1.25);
    // Through the cache it is a request to the Worker more, and hardly any to objects.
    const shared = perViewerHour({ ...ONE, viewers: 1e6 }, 'cache');
    expect(shared).toBeGreaterThan((each * 2 * 0.3) / 1e6);
    expect(shared).toBeLessThan((each * (2 * 0.3 + 0.05)) / 1e6);
  });

  test('are those of the plan while all is included', () => {
    expect(monthlyBill({ ...ONE, hours: 0.5, timeShift: seconds(2) }, 'direct')).toBe(5);
  });

  test('past it are those of what is past it', () => {
    const [one, two] = [1, 2].map((cameras) => monthlyBill({ ...ONE, cameras, viewers: cameras }, 'direct'));
    const more = 30 * (perCameraDay(ONE) + 24 * perViewerHour(ONE, 'direct'));
    // The second camera uses up what the first has left of the requests that are included.
    expect(two! - one!).toBeGreaterThan(more - 3);
    expect(two! - one!).toBeLessThanOrEqual(more);
  });

  test('of the free plan: what is used most of is said', () => {
    expect(shareOfFreePlan({ ...ONE, hours: 1 }, 'direct')).toMatchObject({ of: 'gigabyteSeconds' });
    expect(shareOfFreePlan({ ...ONE, hours: 1 }, 'direct').share).toBeCloseTo((3600 * 31.1 * 0.128) / 13_000, 2);
    expect(shareOfFreePlan({ ...ONE, hours: 1, timeShift: seconds(2) }, 'direct').of).toBe('objectRequests');
  });
});

describe('logs', () => {
  const busy = { ...ONE, viewers: 1000 };

  test('of all calls cost more than the deployment', () => {
    const { workerRequests, objectRequests } = dailyUsage(busy, 'direct');
    const { atMost, ofAllCalls } = logsOf(busy, 'direct');
    expect(ofAllCalls).toBeCloseTo(((workerRequests + objectRequests) * 30 - 20e6) * 0.6e-6, 6);
    expect(ofAllCalls).toBeGreaterThan(2 * monthlyBill(busy, 'direct'));
    // As they are set up, however much fails.
    expect(atMost).toBeLessThan(0.02 * monthlyBill(busy, 'direct'));
  });

  test('of few calls are included', () => {
    expect(logsOf({ ...ONE, hours: 1 }, 'direct')).toEqual({ atMost: 0, ofAllCalls: 0 });
  });
});

describe('limits', () => {
  const [gets, questions] = LIMITS as [(typeof LIMITS)[0], (typeof LIMITS)[0]];

  test('each viewer asks a segment’s object; through the cache each data centre does', () => {
    expect(readersOf({ ...ONE, viewers: 5000 }, 'direct')).toBe(5000);
    expect(readersOf({ ...ONE, viewers: 5000 }, 'cache')).toBe(330);
    expect(readersOf({ ...ONE, viewers: 5 }, 'cache')).toBe(5);
    expect(readersOf({ ...ONE, viewers: 5000, cameras: 10 }, 'direct')).toBe(500);
  });

  test('1,000 viewers of a segment, or any number through the cache', () => {
    expect(holdsUpTo(gets, ONE, 'direct')).toBe(1000);
    expect(holdsUpTo(gets, ONE, 'cache')).toBe(Infinity);
  });

  test('of the Stream object: manifests every ten seconds, and an isolate a second', () => {
    // 330 data centres ask once a second; 6,700 viewers have 670 manifests a second.
    expect(holdsUpTo(questions, ONE, 'direct')).toBe(6700);
    expect(holdsUpTo({ ...questions }, { ...ONE, dataCentres: 1 }, 'direct')).toBeGreaterThan(9000);
    // Through the cache a data centre asks for each once a second.
    expect(holdsUpTo(questions, ONE, 'cache')).toBe(Infinity);
  });

  test('the nearest one is named', () => {
    expect(nearestLimit({ ...ONE, viewers: 2000 }, 'direct')).toEqual({ name: gets.name, share: 2 });
    expect(nearestLimit({ ...ONE, viewers: 1_000_000 }, 'cache')).toMatchObject({ name: questions.name });
  });

  test('128 MB hold 31 s of 2 Mbit/s sixteen times, with the room that the newest block has to grow', () => {
    expect(representationsPerIsolate(ONE)).toBe(16);
  });
});

test('what would be cheaper is told with what it saves, most first', () => {
  const levers = leversOf({ ...ONE, qualities: 2, alwaysOn: true, hours: 1 }, 'direct');
  expect(levers.map(({ change }) => change)).toEqual(
    expect.arrayContaining(['"timeShift": 4', '"segmentDuration": 4', 'one quality', '"alwaysOn": false']),
  );
  expect(levers.map(({ saves }) => saves)).toEqual(levers.map(({ saves }) => saves).toSorted((a, b) => b - a));
  expect(leversOf({ ...ONE, segmentDuration: seconds(4), timeShift: seconds(4) }, 'direct')).toEqual([]);
});

describe('the report', () => {
  test('says both ways beside each other, and warns of what does not hold', () => {
    const text = report(estimate({ ...ONE, viewers: 5000 })).join('\n');
    expect(text).toContain('1 camera (on while watched), 5,000 viewers 24 h a day');
    expect(text).toMatch(/^a month +\$[\d,]+ +\$[\d,]+$/m);
    expect(text).toMatch(/^ {2}every call logged: more by +\$[\d,]+ +\$[\d,]+$/m);
    expect(text).toMatch(/^viewers of one camera, at most +1,000 +any$/m);
    expect(text).toContain('direct: GETs of one segment, 1,000 a second: 5 times that');
    expect(text).not.toContain('cache: GETs');
    expect(text).toMatch(/^ {2}"segmentDuration": 4 +−\$[\d,]+ a month$/m);
  });

  test('says when nothing has to be paid', () => {
    const text = report(estimate({ ...ONE, hours: 0.5, timeShift: seconds(4) })).join('\n');
    expect(text).toContain('direct: the free plan is enough');
  });

  test.for<[value: string, text: string]>([
    [count(0.04), '0'],
    [count(7.54), '7.5'],
    [count(3600), '3,600'],
    [count(21_400), '21.4 k'],
    [count(1_000_000), '1 M'],
    [count(Infinity), 'any'],
    [money(0), '$0'],
    [money(0.00243), '$0.0024'],
    [money(4.3721), '$4.37'],
    [money(134_558.2), '$134,558'],
    [share(0.001), '< 1 %'],
    [share(2.2), '220 %'],
    [share(105.6), '106 times'],
  ])('writes %s', ([value, text]) => {
    expect(value).toBe(text);
  });
});

test('docs/scale.md has the tables that are computed now', () => {
  const text = readFileSync(new URL('../../docs/scale.md', import.meta.url), 'utf8');
  expect(withTables(text)).toBe(text);
});
