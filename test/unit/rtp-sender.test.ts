import { expect, test } from 'vitest';
import { Sender } from '../../agent/rtp/sender.ts';

const [OURS, OTHER] = [1111, 2222];

test('the first that sends is the one', () => {
  const sender = new Sender();
  expect(sender.source).toBeUndefined();
  expect(sender.hear(OURS, 0)).toBe('sender');
  expect(sender.hear(OURS, 40)).toBe('sender');
  expect(sender.source).toBe(OURS);
});

test('what an old session still sends in between is a stranger', () => {
  const sender = new Sender();
  for (let now = 0; now < 20_000; now += 40) {
    expect(sender.hear(OURS, now)).toBe('sender');
    expect(sender.hear(OTHER, now)).toBe('stranger');
  }
});

test('another one has its place once it has sent 64 packets in a row', () => {
  const sender = new Sender();
  sender.hear(OURS, 0);
  for (let packet = 1; packet < 64; packet++) expect(sender.hear(OTHER, packet)).toBe('stranger');
  expect(sender.hear(OTHER, 64)).toBe('new sender');
  expect(sender.hear(OURS, 65)).toBe('stranger');
});

test('another one has its place at once when ours has been silent for a second', () => {
  const sender = new Sender();
  sender.hear(OURS, 0);
  expect(sender.hear(OTHER, 1000)).toBe('stranger');
  expect(sender.hear(OTHER, 1001)).toBe('new sender');
  expect(sender.hear(OTHER, 1002)).toBe('sender');
});
