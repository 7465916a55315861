import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RtpPacket } from '../../agent/rtp/packet.ts';
import { ReorderedPackets } from '../../agent/rtp/reorder.ts';
import { distance, OrderedPackets, type PacketOrder, type PacketSink } from '../../agent/rtp/sequence.ts';

const packet = (sequence: number): RtpPacket => ({
  ...{ sequence: sequence & 0xffff, timestamp: 0, source: 1, payloadType: 96, marker: false },
  payload: new Uint8Array(1),
});

/** Numbers as they are handed on, `!` before those with a gap before them. */
function handedOn(Order: new (sink: PacketSink) => PacketOrder, numbers: readonly number[], apartMs = 0) {
  const out: string[] = [];
  const order = new Order(({ sequence }, gap) => out.push(`${gap ? '!' : ''}${sequence}`));
  numbers.forEach((sequence, index) => order.push(packet(sequence), index * apartMs));
  return { text: out.join(' '), lost: order.lost };
}
const numbers = (from: number, count: number): number[] => Array.from({ length: count }, (_, index) => from + index);

test('numbers of 16 bits are as far apart as the shorter way says', () => {
  expect([distance(1, 2), distance(65_535, 0), distance(0, 65_535), distance(5, 5), distance(0, 32_767)]).toEqual([
    1, 1, -1, 0, 32_767,
  ]);
});

describe('over a transport that keeps the order', () => {
  const passed = (...sequence: readonly number[]) => handedOn(OrderedPackets, sequence);

  test('packets are handed on, also where numbers start over', () => {
    expect(passed(65_534, 65_535, 0, 1)).toEqual({ text: '65534 65535 0 1', lost: 0 });
  });

  test('what the camera dropped is counted', () => {
    expect(passed(7, 8, 12, 13)).toEqual({ text: '7 8 !12 13', lost: 3 });
  });

  test("a stranger under the last one's number is neither a loss nor in the way", () => {
    expect(passed(7, 8, 8, 9, 3, 10)).toEqual({ text: '7 8 9 10', lost: 0 });
  });

  test('64 old packets in a row are a restart', () => {
    const { text, lost } = passed(5000, ...numbers(100, 66));
    expect(text).toBe('5000 !163 164 165');
    expect(lost).toBe(0);
  });

  test('a leap by thousands is a restart, and no loss of thousands', () => {
    expect(passed(7, 20_000, 20_001)).toEqual({ text: '7 !20000 20001', lost: 0 });
  });
});

describe('datagrams', () => {
  const passed = (...sequence: readonly number[]) => handedOn(ReorderedPackets, sequence);

  test('that come in order are handed on at once', () => {
    expect(passed(65_535, 0, 1)).toEqual({ text: '65535 0 1', lost: 0 });
  });

  test('that come late are put where they belong', () => {
    expect(passed(1, 3, 4, 2, 5)).toEqual({ text: '1 2 3 4 5', lost: 0 });
  });

  test('that come twice are handed on once', () => {
    expect(passed(1, 3, 3, 1, 2, 2, 3, 4)).toEqual({ text: '1 2 3 4', lost: 0 });
  });

  test('a lost one is given up when 64 wait for it', () => {
    expect(passed(1, ...numbers(3, 63)).text).toBe('1');
    const { text, lost } = passed(1, ...numbers(3, 64));
    expect(text).toBe(`1 !${numbers(3, 64).join(' ')}`);
    expect(lost).toBe(1);
  });

  test('a lost one is given up after 100 ms, however few wait for it', () => {
    expect(handedOn(ReorderedPackets, [1, 3, 4, 5], 40)).toEqual({ text: '1', lost: 0 });
    expect(handedOn(ReorderedPackets, [1, 3, 4, 5, 6], 40)).toEqual({ text: '1 !3 4 5 6', lost: 1 });
  });

  test('of two gaps each is given up in its turn, and no packet waits longer than that', () => {
    expect(handedOn(ReorderedPackets, [1, 3, 5, 6, 7], 40)).toEqual({ text: '1 !3', lost: 1 });
    expect(handedOn(ReorderedPackets, [1, 3, 5, 6, 7, 8], 40)).toEqual({ text: '1 !3 !5 6 7 8', lost: 2 });
  });

  test('64 old packets in a row are a restart, and what was kept comes before', () => {
    const { text } = passed(5000, 5002, ...numbers(100, 66));
    expect(text).toBe('5000 !5002 !163 164 165');
  });

  test('a leap by thousands is a restart', () => {
    expect(passed(7, 9, 20_000, 20_001)).toEqual({ text: '7 !9 !20000 20001', lost: 1 });
  });

  test('whatever order they come in, within 64 of their place, all are handed on in the order of their numbers', () => {
    const shifts = fc.array(fc.nat({ max: 60 }), { minLength: 1, maxLength: 400 });
    fc.assert(
      fc.property(shifts, fc.nat({ max: 65_535 }), (shift, start) => {
        const order = shift.map((by, index) => ({ due: index + by, index })).toSorted((a, b) => a.due - b.due);
        // The first that comes is taken for the first of all.
        const sent = [start, ...order.map(({ index }) => start + 1 + index)];
        const { text, lost } = handedOn(ReorderedPackets, sent);
        expect(text).toBe(
          numbers(start, shift.length + 1)
            .map((number) => number & 0xffff)
            .join(' '),
        );
        expect(lost).toBe(0);
      }),
    );
  });

  test('whatever numbers come, each is handed on once at most', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: 65_535 }), { maxLength: 500 }), (sent) => {
        const out: number[] = [];
        const order = new ReorderedPackets(({ sequence }) => out.push(sequence));
        sent.forEach((sequence, index) => order.push({ ...packet(sequence), timestamp: index }, 0));
        const given = new Map<number, number>();
        for (const sequence of sent) given.set(sequence, (given.get(sequence) ?? 0) + 1);
        for (const sequence of out) given.set(sequence, (given.get(sequence) ?? 0) - 1);
        expect(Math.min(0, ...given.values())).toBe(0);
      }),
    );
  });
});
