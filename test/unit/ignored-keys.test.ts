import { expect, test } from 'vitest';
import { ignoredKeys } from '../../agent/config/ignored-keys.ts';
import { streamsSchema } from '../../agent/config/schema.ts';

const stream = {
  name: 'Door',
  stream: 'door',
  type: 'GEN',
  qualities: { video: [{ targetWidth: 640, targetBitrate: 100 }] },
};

test('keys that are known are not told, whatever becomes of their values', () => {
  expect(ignoredKeys([{ a: 1, b: { c: [] } }], [{ a: 'one', b: { c: [] }, d: 'default' }])).toEqual([]);
});

test('a misspelt key is told with its place', () => {
  const quality = { targetWidth: 640, targetBitrate: 800, bitrate: 800 };
  const raw = [{ ...stream, targetFPS: 25, qualities: { video: [quality] } }];
  expect(ignoredKeys(raw, streamsSchema.parse(raw))).toEqual(['[0].qualities.video[0].bitrate', '[0].targetFPS']);
});
