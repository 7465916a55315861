/** A camera that was stopped because nobody watches, and is woken again. */
import { setTimeout as sleep } from 'node:timers/promises';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { splitBoxes } from '../../protocol/boxes.ts';
import { Viewer } from './support/segments.ts';
import { fastLlWith, generated } from './support/streams.ts';

/** Reads a segment up to its first picture, and leaves. */
async function firstPicture(url: URL): Promise<void> {
  const { statusCode, body } = await request(url);
  if (statusCode !== 200) throw new Error(`expected a segment, got ${statusCode}: ${await body.text()}`);
  let bytes = Buffer.alloc(0);
  for await (const piece of body as AsyncIterable<Buffer>) {
    bytes = Buffer.concat([bytes, piece]);
    if (splitBoxes(bytes).boxes.some(({ type }) => type === 'mdat')) break;
  }
}

test('with segments of 30 s: it stays asleep, and shows at once when it is woken within the same one', async () => {
  await using running = await fastLlWith([generated('front', { segmentDuration: 30 })]);
  await using viewer = new Viewer(running.origin, 'front', { segmentDuration: 30 });
  // The whole story is to be told within one segment.
  const left = 30 - ((Date.now() / 1000) % 30);
  if (left < 26) await sleep(1000 * (left + 0.1));
  const number = viewer.current;
  const segment = new URL(`chunk-stream0-${number}.m4s`, viewer.base);

  await viewer.manifest();
  await firstPicture(segment);
  await viewer.whenState('live');
  await viewer.whenState('idle', 20_000);
  // It has been told that its last segment had a viewer.
  await sleep(500);
  expect(await viewer.state()).toBe('idle');

  const asked = performance.now();
  await viewer.manifest();
  await firstPicture(segment);
  expect(performance.now() - asked).toBeLessThan(2500);
  expect(viewer.current).toBe(number);
});
