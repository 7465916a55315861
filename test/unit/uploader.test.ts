/** What an uploader asks of the edge, a real server here. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import type { Sample } from '../../agent/cmaf/fragment.ts';
import { closeConnections, connections } from '../../agent/upload/edge.ts';
import { Uploader } from '../../agent/upload/uploader.ts';
import { segmentNumber, type RepresentationId, type StreamName } from '../../protocol/names.ts';
import { seconds, ticks, TIMESCALE } from '../../protocol/units.ts';
import { SimulatedClock } from '../simulated-clock.ts';

/** An uploader of segments of a second, at an edge that says what was asked of it. */
async function upload(due: number | undefined) {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${/-(\d+)\.m4s$/.exec(request.url ?? '')?.[1]}`);
    request.resume().once('end', () => response.writeHead(request.method === 'PUT' ? 201 : 204).end());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const edge = {
    base: new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`),
    ...connections(),
    token: () => Promise.resolve('a token'),
  };
  const over = new AbortController();
  onTestFinished(async () => {
    over.abort();
    await closeConnections(edge);
    server.close();
  });
  const delivered: number[] = [];
  const clock = new SimulatedClock(1_000_000);
  const uploader = new Uploader({
    ...{ edge, clock, writer: 'a run', signal: over.signal },
    ...{ stream: 'cam' as StreamName, representation: '0' as RepresentationId },
    ...{ segmentDuration: seconds(1), timeShift: seconds(30) },
    due: due === undefined ? undefined : segmentNumber(due),
    onOutcome: (number) => delivered.push(number),
    onRetry: (number, detail) => asked.push(`${number} failed: ${detail}`),
  });
  /** A segment of no fragments, and waits until the edge has it. */
  const make = async (number: number): Promise<void> => {
    uploader.apply({ kind: 'open', number: segmentNumber(number) });
    uploader.apply({ kind: 'close', number: segmentNumber(number) });
    await expect.poll(() => delivered).toContain(number);
  };
  /** Of these numbers, not of what was before. */
  const askedFrom = (first: number): string[] => asked.filter((line) => Number(line.split(' ')[1]) >= first);
  return { askedFrom, make, uploader };
}

test('after the clock was set back by a few seconds what was told of that time is taken back first', async () => {
  const { askedFrom, make } = await upload(1003);
  await make(1000);
  await make(1001);
  await make(1002);
  await make(1003);
  const asked = askedFrom(1000);
  expect(asked.filter((line) => line.startsWith('PUT'))).toEqual(['PUT 1000', 'PUT 1001', 'PUT 1002', 'PUT 1003']);
  for (const number of [1000, 1001, 1002]) {
    expect(asked.indexOf(`DELETE ${number}`)).toBeLessThan(asked.indexOf(`PUT ${number}`));
  }
  expect(asked).toHaveLength(7);
});

test('after it was set back by an hour nothing is: the edge has forgotten by the time it would matter', async () => {
  const { askedFrom, make } = await upload(1000 + 3600);
  await make(1000);
  expect(askedFrom(1000)).toEqual(['PUT 1000']);
});

test('what a run left unfinished is not taken back', async () => {
  const { askedFrom, make } = await upload(1000);
  await make(1000);
  expect(askedFrom(1000)).toEqual(['PUT 1000']);
});

const SAMPLE: Sample = {
  ...{ time: ticks(1000 * TIMESCALE), duration: ticks(3600), compositionOffset: ticks(0), keyframe: true },
  ...{ data: [Uint8Array.of(1)], size: 1 },
};

test('a first picture so near the end of its segment that the next one is opened before it is told: that segment is told once', async () => {
  const { askedFrom, uploader } = await upload(undefined);
  const [first, next] = [segmentNumber(1000), segmentNumber(1001)];
  uploader.apply({ kind: 'open', number: first });
  uploader.apply({ kind: 'open', number: next });
  uploader.apply({ kind: 'fragment', number: first, samples: [SAMPLE] });
  for (const number of [first, next]) uploader.apply({ kind: 'close', number });
  await expect.poll(() => askedFrom(1000)).toEqual(['PUT 1000', 'PUT 1001']);
});
