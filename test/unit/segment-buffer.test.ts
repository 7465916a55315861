/** What a segment takes of the memory that its object shares with others. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SegmentBuffer } from '../../worker/segment/buffer.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const FRAGMENT = new Uint8Array(100_000).fill(7);

function written(fragments: number): SegmentBuffer {
  const buffer = new SegmentBuffer();
  for (let count = 0; count < fragments; count += 1) buffer.write(FRAGMENT);
  return buffer;
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<number> {
  for (let length = 0; ;) {
    const { done, value } = await reader.read();
    if (done) return length;
    length += value.byteLength;
  }
}

/** How large what holds its bytes is. */
const takes = (buffer: SegmentBuffer): number => buffer.bytes.buffer.byteLength;

test('nothing, before its first byte', () => {
  expect(takes(new SegmentBuffer())).toBe(0);
});

test('what it has, once it is complete', async () => {
  const buffer = written(6);
  expect(takes(buffer)).toBeGreaterThan(600_000);
  buffer.complete();
  await vi.runAllTimersAsync();
  expect(takes(buffer)).toBe(600_000);
  expect(buffer.bytes.every((byte) => byte === 7)).toBe(true);
});

test('no second block while somebody reads the first, who gets it to its end', async () => {
  const buffer = written(3);
  const [early, leaving] = [buffer.attach().getReader(), buffer.attach().getReader()];
  buffer.write(FRAGMENT);
  buffer.complete();
  await vi.runAllTimersAsync();
  const block = buffer.bytes.buffer;
  const late = buffer.attach().getReader();
  expect(await drain(early)).toBe(400_000);
  await leaving.cancel();
  expect(buffer.bytes.buffer).toBe(block);
  expect(await drain(late)).toBe(400_000);
  expect(takes(buffer)).toBe(400_000);
});

test('nothing, once its bytes are let go', async () => {
  const buffer = written(3);
  buffer.complete();
  buffer.release(new Error('out of the window'));
  await vi.runAllTimersAsync();
  expect(takes(buffer)).toBe(0);
});
