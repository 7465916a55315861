import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ahead, boundsAt, sighted, type Bounds, type Sighting } from '../../protocol/edge-clock.ts';
import { milliseconds } from '../../protocol/units.ts';

/** An edge whose clock is `difference` ahead tells the time half way there, in units of `unit`. */
const sighting = (asked: number, took: number, difference: number, unit = 1): Sighting => ({
  asked: milliseconds(asked),
  answered: milliseconds(asked + took),
  told: milliseconds(unit * Math.floor((asked + took / 2 + difference) / unit)),
  unit: milliseconds(unit),
});

const all = (sightings: readonly Sighting[]): Bounds =>
  sightings.reduce<Bounds | undefined>((before, one) => sighted(before, one), undefined)!;

const width = ({ least, most }: Bounds): number => most - least;

test('one answer tells the time to within the way there and back', () => {
  const bounds = all([sighting(5000, 40, 1e12)]);
  expect(ahead(bounds)).toBeCloseTo(1e12, -1);
  expect(width(bounds)).toBe(41);
});

test('the quickest answer counts, and a slow one takes nothing from it', () => {
  const bounds = all([sighting(0, 900, 7000), sighting(1000, 10, 7000), sighting(2000, 3000, 7000)]);
  expect(width(bounds)).toBeLessThan(13);
  expect(Math.abs(ahead(bounds) - 7000)).toBeLessThan(7);
});

test('many answers in whole seconds tell it much better than to a second', () => {
  // Asked every 10.6 s, so that they fall into all parts of a second.
  const asked = Array.from({ length: 20 }, (_, index) => 10_618 * index);
  const bounds = all(asked.map((at) => sighting(at, 20, -4321, 1000)));
  expect(Math.abs(ahead(bounds) + 4321)).toBeLessThan(60);
});

test.for([1, -1, 5, -5, 3600, -3600])('an edge whose clock is set by %d s is believed at once', (step) => {
  const before = [sighting(0, 20, 1000), sighting(30_000, 20, 1000)];
  const after = 1000 + 1000 * step;
  expect(Math.abs(ahead(all([...before, sighting(60_000, 20, after)])) - after)).toBeLessThan(12);
});

test('clocks that go apart slowly are followed', () => {
  const asked = Array.from({ length: 200 }, (_, index) => 30_000 * index);
  const differenceAt = (at: number): number => 500 + 8e-5 * at;
  const bounds = all(asked.map((at) => sighting(at, 20, differenceAt(at))));
  expect(Math.abs(ahead(bounds) - differenceAt(asked.at(-1)!))).toBeLessThan(15);
});

test('what has not been looked at for an hour is known to within a second', () => {
  expect(width(boundsAt(all([sighting(0, 20, 0)]), milliseconds(3_600_000)))).toBeCloseTo(741, -1);
});

test('the truth is always within the bounds, whenever the edge looked at its clock on the way', () => {
  const answer = fc.record({
    pause: fc.integer({ min: 0, max: 60_000 }),
    there: fc.integer({ min: 0, max: 3000 }),
    back: fc.integer({ min: 0, max: 3000 }),
    unit: fc.constantFrom(1, 1000),
  });
  fc.assert(
    fc.property(fc.array(answer, { minLength: 1 }), fc.integer({ min: -1e9, max: 1e12 }), (answers, difference) => {
      let now = 0;
      let bounds: Bounds | undefined;
      for (const { pause, there, back, unit } of answers) {
        const asked = now + pause;
        now = asked + there + back;
        bounds = sighted(bounds, {
          asked: milliseconds(asked),
          answered: milliseconds(now),
          told: milliseconds(unit * Math.floor((asked + there + difference) / unit)),
          unit: milliseconds(unit),
        });
        expect(bounds.least).toBeLessThanOrEqual(difference);
        expect(bounds.most).toBeGreaterThanOrEqual(difference);
      }
    }),
  );
});
