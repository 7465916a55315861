import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Changes } from '../../worker/stream/changes.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

test('who waits has it as soon as it has come true', async () => {
  const changes = new Changes();
  let value: string | undefined;
  const waiting = changes.until(() => value, 1000);
  changes.notify();
  value = 'true';
  changes.notify();
  expect(await waiting).toBe('true');
  expect(await changes.until(() => value, 1000)).toBe('true');
  expect(vi.getTimerCount()).toBe(0);
});

test('who has waited long enough does not wait on', async () => {
  const waiting = new Changes().until(() => undefined, 1000);
  await vi.advanceTimersByTimeAsync(1000);
  expect(await waiting).toBeUndefined();
});

test('the first gives up when one more comes than may wait, however many come at once', async () => {
  const changes = new Changes(3);
  let value: string | undefined;
  const waiting = Array.from({ length: 10 }, () => changes.until(() => value, 1000));
  await vi.advanceTimersByTimeAsync(0);
  expect(vi.getTimerCount()).toBe(3);
  value = 'true';
  changes.notify();
  expect(await Promise.all(waiting)).toEqual([
    ...Array.from({ length: 7 }, () => undefined),
    ...['true', 'true', 'true'],
  ]);
});
