import { describe, expect, test } from 'vitest';
import { Seats, type Seat } from '../../worker/segment/seats.ts';

const MOST = 10;

/** Seats that somebody has, each of which says when it is lost. */
function taken(seats: Seats, viewer: string, count: number, reads = false): { seats: Seat[]; lost: number[] } {
  const lost: number[] = [];
  const own = Array.from({ length: count }, (_, index) => {
    const seat = seats.take(viewer)!;
    seat[reads ? 'read' : 'hold'](() => lost.push(index));
    return seat;
  });
  return { seats: own, lost };
}

describe('when all seats are taken', () => {
  test('a newcomer gets the one that has been held longest, where all are of one viewer or of nobody knows whom', () => {
    const seats = new Seats(MOST);
    const { lost } = taken(seats, '', MOST);
    for (let count = 0; count < 3; count += 1) expect(seats.take('')).toBeDefined();
    expect(lost).toEqual([0, 1, 2]);
    expect(seats.size).toBe(MOST);
  });

  test('whoever has most of them makes room, also of those that read', () => {
    const seats = new Seats(MOST);
    const few = taken(seats, 'few', 3);
    const many = taken(seats, 'many', 7, true);
    for (const viewer of ['new', 'few', 'another']) expect(seats.take(viewer)).toBeDefined();
    expect(many.lost).toEqual([0, 1, 2]);
    expect(few.lost).toEqual([]);
  });

  test('who is held goes before who reads', () => {
    const seats = new Seats(MOST);
    const reading = taken(seats, 'many', 5, true);
    const held = taken(seats, 'many', 5);
    seats.take('new');
    expect([reading.lost, held.lost]).toEqual([[], [0]]);
  });

  test('and read by one viewer, or each by another, one more is refused', () => {
    const one = new Seats(MOST);
    taken(one, 'one', MOST, true);
    expect(one.take('one')).toBeUndefined();
    const each = new Seats(MOST);
    for (let viewer = 0; viewer < MOST; viewer += 1) taken(each, String(viewer), 1, true);
    expect(each.take('new')).toBeUndefined();
  });

  test('one viewer under ever new names keeps nobody out by being held', () => {
    const seats = new Seats(MOST);
    taken(seats, 'reading', 1, true);
    for (let viewer = 0; viewer < 3 * MOST; viewer += 1) expect(seats.take(`forged ${viewer}`)).toBeDefined();
    expect(seats.take('new')).toBeDefined();
  });

  test('there is room again for who comes when one has left', () => {
    const seats = new Seats(MOST);
    const { seats: own, lost } = taken(seats, 'one', MOST, true);
    own[4]!.leave();
    own[4]!.leave();
    expect(seats.size).toBe(MOST - 1);
    seats.take('one')!.read(() => {});
    expect(seats.take('one')).toBeUndefined();
    expect(lost).toEqual([]);
  });
});

test('a seat is left at the end of what it was taken for, unless somebody reads then', () => {
  const seats = new Seats(MOST);
  const answer = (reads: boolean): void => {
    using seat = seats.take('one');
    if (reads) seat?.read(() => {});
  };
  answer(false);
  expect(seats.size).toBe(0);
  answer(true);
  expect(seats.size).toBe(1);
});
