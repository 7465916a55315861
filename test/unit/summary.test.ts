/** saveStats at the agent: the file of the original's shape, from what an edge tells page by page. */
import { mkdir, mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { describe, expect, it, onTestFinished } from 'vitest';
import { SummaryFile } from '../../agent/statistics/summary-file.ts';
import { Summary } from '../../agent/statistics/summary.ts';
import { closeConnections, connections } from '../../agent/upload/edge.ts';
import type { StreamName } from '../../protocol/names.ts';
import { MAX_REQUESTS, type StatisticsPage } from '../../protocol/statistics.ts';
import { SimulatedClock } from '../simulated-clock.ts';

type Asked = StatisticsPage['requests'][number];
const asked = (client: string, time: number, more: Partial<Asked> = {}): Asked => ({
  client,
  time,
  clients: 1,
  ...more,
});

describe('a summary', () => {
  it('has four columns per client and a row per request', () => {
    const summary = new Summary();
    summary.add([asked('alice', 10), asked('bob', 11, { clients: 2 }), asked('alice', 20, { delta: 10, latency: 5 })]);
    summary.add([asked('alice', 32, { delta: 12, jitter: 2 })]);
    expect([...summary.csv()].join('')).toBe(
      [
        'alice_time,alice_delta,alice_jitter,alice_clients,bob_time,bob_delta,bob_jitter,bob_clients',
        '10,,,1,11,,,2',
        '20,10,,1,,,,',
        '32,12,2,1,,,,',
        '',
      ].join('\r\n'),
    );
  });

  it('is made in small pieces, also of all that an edge keeps, and holds no more', () => {
    const summary = new Summary();
    for (let time = 0; time < MAX_REQUESTS + 1000; time += 1) {
      // One has many, the others a few: most cells are empty.
      summary.add([asked(`client${time < 10_000 ? 0 : 1 + (time % 199)}`, time)]);
    }
    const pieces = [...summary.csv()];
    const cells = pieces
      .join('')
      .split('\r\n')
      .slice(1)
      .flatMap((line) => line.split(',').filter((cell) => cell !== ''));
    expect(cells).toHaveLength(2 * MAX_REQUESTS);
    expect(Math.max(...pieces.map(({ length }) => length))).toBeLessThan(100_000);
  });
});

/** An edge that has these requests, and tells two at a time. */
async function edgeWith(requests: Asked[]) {
  const marks: string[] = [];
  let era = 1;
  const server = createServer((incoming, answer) => {
    const after = new URL(incoming.url ?? '', 'http://edge').searchParams.get('after') ?? 'none';
    marks.push(after);
    const [told, from] = after.split('-').map(Number);
    const first = told !== era;
    const begin = first ? 0 : (from ?? 0);
    const end = Math.min(begin + 2, requests.length);
    const page = { requests: requests.slice(begin, end), first, more: end < requests.length, mark: `${era}-${end}` };
    answer.end(JSON.stringify(page satisfies StatisticsPage));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const folder = await mkdtemp(join(tmpdir(), 'fast-ll-'));
  const lines: string[] = [];
  const log = pino(
    { base: null, timestamp: false },
    { write: (line: string) => void lines.push(JSON.parse(line).msg) },
  );
  const edge = { base: new URL(`http://127.0.0.1:${port}`), ...connections(), token: () => Promise.resolve('t') };
  onTestFinished(async () => {
    await closeConnections(edge);
    server.close();
    await rm(folder, { recursive: true });
  });
  const clock = new SimulatedClock();
  const fileAt = (path: string): SummaryFile =>
    new SummaryFile({ path: join(folder, path), stream: 'cam' as StreamName, edge, clock, log });
  return { marks, lines, folder, clock, fileAt, clear: () => ((era += 1), requests.splice(0)) };
}

describe('the file of a summary', () => {
  it('is asked for what is new only, and begins anew with the edge', async () => {
    const requests = [asked('alice', 1), asked('alice', 2), asked('alice', 3)];
    const { marks, folder, fileAt, clear } = await edgeWith(requests);
    const file = fileAt('summary.csv');
    const content = (): Promise<string> => readFile(join(folder, 'summary.csv'), 'utf8');
    await file.finish();
    expect(await content()).toBe('alice_time,alice_delta,alice_jitter,alice_clients\r\n1,,,1\r\n2,,,1\r\n3,,,1\r\n');
    requests.push(asked('alice', 4));
    await file.finish();
    expect(await content()).toMatch(/\r\n3,,,1\r\n4,,,1\r\n$/);
    clear();
    requests.push(asked('bob', 5));
    await file.finish();
    expect(await content()).toBe('bob_time,bob_delta,bob_jitter,bob_clients\r\n5,,,1\r\n');
    expect(marks).toEqual(['', '1-2', '1-3', '1-4']);
    expect(await readdir(folder)).toEqual(['summary.csv']);
  });

  it('is written every 10 s while the camera runs', async () => {
    const requests = [asked('alice', 1)];
    const { folder, clock, fileAt } = await edgeWith(requests);
    const over = new AbortController();
    const kept = fileAt('summary.csv').keep(over.signal);
    await clock.advance(9999);
    expect(await readdir(folder)).toEqual([]);
    await clock.advance(1);
    await expect.poll(() => readdir(folder)).toEqual(['summary.csv']);
    over.abort();
    await kept;
  });

  it('that can not be written is told at the start, once, until it can', async () => {
    const { lines, folder, fileAt } = await edgeWith([asked('alice', 1)]);
    const file = fileAt('missing/summary.csv');
    const complaint = `cam: can't save the figures of its clients ("saveStats") in ${folder}/missing/summary.csv: there is no such folder; they are to be had at /api/streams/cam/stats`;
    await file.try();
    await file.finish();
    await file.finish();
    expect(lines).toEqual([complaint]);
    await mkdir(join(folder, 'missing'));
    await file.finish();
    expect(lines.at(-1)).toBe(`cam: figures of 1 clients are in ${folder}/missing/summary.csv`);
    expect(await readFile(join(folder, 'missing/summary.csv'), 'utf8')).toMatch(/\r\n1,,,1\r\n$/);
  });

  it('that can be written is not touched by the look at the start', async () => {
    const { lines, folder, fileAt } = await edgeWith([]);
    await fileAt('summary.csv').try();
    expect(lines).toEqual([]);
    expect(await readdir(folder)).toEqual([]);
  });

  it('that can not be written any more is told once', async () => {
    const requests = [asked('alice', 1)];
    const { lines, folder, fileAt } = await edgeWith(requests);
    const file = fileAt('summary.csv');
    await file.finish();
    await rm(join(folder, 'summary.csv'));
    await mkdir(join(folder, 'summary.csv'));
    for (let time = 2; time < 5; time += 1) {
      requests.push(asked('alice', time));
      await file.finish();
    }
    expect(lines.filter((line) => line.includes("can't save"))).toHaveLength(1);
  });
});
