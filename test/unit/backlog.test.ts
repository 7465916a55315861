import { describe, expect, it } from 'vitest';
import { Backlog } from '../../agent/upload/backlog.ts';
import { SegmentBody } from '../../agent/upload/segment-body.ts';
import { milliseconds } from '../../protocol/units.ts';

const never = new AbortController().signal;
const at = milliseconds;

function owed(backlog: Backlog, bytes: number): SegmentBody {
  const body = new SegmentBody();
  backlog.add(body);
  backlog.append(body, new Uint8Array(bytes));
  return body;
}

describe('a backlog', () => {
  it('drops the oldest segments when there is no room, and frees their bytes', () => {
    const backlog = new Backlog(100);
    const [first, second, third] = [owed(backlog, 40), owed(backlog, 40), owed(backlog, 40)];
    expect(first.failure).toEqual({ kind: 'dropped', detail: 'no room to keep it until the edge takes it' });
    expect([second.failure, third.failure]).toEqual([undefined, undefined]);
    expect(backlog.bytes).toBe(80);
  });

  it('has room again for as much as has been settled', () => {
    const backlog = new Backlog(100);
    const first = owed(backlog, 60);
    backlog.settle(first);
    const second = owed(backlog, 60);
    expect([first.failure, second.failure]).toEqual([undefined, undefined]);
    expect(backlog.bytes).toBe(60);
  });

  it('drops a segment that has ended too, and whoever sends it is told', async () => {
    const backlog = new Backlog(100);
    const first = owed(backlog, 60);
    first.end();
    const reading = first.read();
    await reading.next();
    owed(backlog, 60);
    await expect(reading.next()).rejects.toThrow('no room to keep it');
  });

  it('lets one at a time send what is past, the newest first', async () => {
    const backlog = new Backlog();
    const order: number[] = [];
    const sends = async (time: number): Promise<void> => {
      using _ = await backlog.turn(at(time), never);
      order.push(time);
      await Promise.resolve();
      expect(order.at(-1)).toBe(time);
    };
    await Promise.all([sends(3), sends(1), sends(4), sends(2)]);
    expect(order).toEqual([3, 4, 2, 1]);
  });

  it('passes over who has stopped waiting', async () => {
    const backlog = new Backlog();
    const first = await backlog.turn(at(1), never);
    const impatient = new AbortController();
    const given = backlog.turn(at(3), impatient.signal);
    const patient = backlog.turn(at(2), never);
    impatient.abort(new Error('too late'));
    await expect(given).rejects.toThrow('too late');
    first[Symbol.dispose]();
    (await patient)[Symbol.dispose]();
    (await backlog.turn(at(0), never))[Symbol.dispose]();
  });
});
