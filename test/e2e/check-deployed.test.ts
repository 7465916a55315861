/**
 * `fast-ll check` of an edge elsewhere: what only trying tells. The edge is the built one over two processes, behind
 * HTTP/2, as at Cloudflare; and behind proxies that do what they should not.
 */
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Finding } from '../../agent/check/finding.ts';
import { crowd } from '../../agent/check/trials/crowd.ts';
import { cutting } from '../../agent/check/trials/cutting.ts';
import { earlyHints } from '../../agent/check/trials/hints.ts';
import { holding } from '../../agent/check/trials/holding.ts';
import { longPut } from '../../agent/check/trials/long-put.ts';
import { smallPieces } from '../../agent/check/trials/small-pieces.ts';
import type { Trial, Verdict } from '../../agent/check/trials/trial.ts';
import { systemClock } from '../../agent/clock.ts';
import { closeConnections, connections } from '../../agent/upload/edge.ts';
import type { StreamName } from '../../protocol/names.ts';
import { seconds } from '../../protocol/units.ts';
import { startBufferingProxy } from '../fixtures/buffering-proxy.ts';
import { startHttp2Front } from '../fixtures/http2-front.ts';
import { startMeddlingProxy, type Meddling } from '../fixtures/meddling-proxy.ts';
import { TEST_SECRET } from '../secret.ts';
import { writeCertificate } from './support/certificate.ts';
import { publishToken } from './support/edge-process.ts';
import { folderWith, runFastLl } from './support/fast-ll.ts';
import { startSplitEdge, type SplitEdge } from './support/split-edge.ts';
import { generated } from './support/streams.ts';

let edge: SplitEdge;
beforeAll(async () => {
  const bindings = { FASTLL_SECRET: TEST_SECRET, PLAYBACK: 'token', FAN_OUT: 'cache' };
  edge = await startSplitEdge({ bindings, onError: () => {} });
});
afterAll(() => edge.close());

/** Tries one thing on an edge that is reached so. */
async function tryAt(
  url: URL,
  trial: Trial,
  signal: AbortSignal = new AbortController().signal,
): Promise<Verdict | undefined> {
  const reached = { base: url, ...connections(), token: () => publishToken() };
  try {
    return await trial.run({ edge: reached, clock: systemClock, signal }, 'front' as StreamName);
  } finally {
    await closeConnections(reached);
  }
}

async function behind(meddling: Meddling, trial: Trial): Promise<Verdict | undefined> {
  await using proxy = await startMeddlingProxy(edge.url, meddling);
  return await tryAt(proxy.url, trial);
}

describe.concurrent('fast-ll check --thorough', () => {
  test(
    'of an edge in two processes, behind HTTP/2: a line for each trial, and all figures',
    { timeout: 120_000 },
    async () => {
      await using files = await folderWith({ 'streams.json': [generated('front')] });
      const [key, certificate] = [files.path('key.pem'), files.path('cert.pem')];
      await writeCertificate(key, certificate, '127.0.0.1');
      await using front = await startHttp2Front(edge.url, { host: '127.0.0.1', key, certificate });
      const config = { edge: front.url.origin, token: await publishToken(), streams: 'streams.json' };
      await writeFile(files.path('config.json'), JSON.stringify(config));
      const { stdout } = await runFastLl(['check', '--thorough', '--json', '-c', files.path('config.json')], {
        environment: { NODE_EXTRA_CA_CERTS: certificate },
      });
      const { findings } = JSON.parse(stdout) as { findings: readonly Finding[] };
      const trials = findings.filter(({ topic }) => topic === 'trial');
      // Whether they are good is a question of the machine, of those that take no time it is none.
      expect(trials.map(({ subject, message }) => `${subject}: ${message}`)).toEqual([
        expect.stringMatching(/^small pieces: (good|poor): pieces of 200 bytes/),
        expect.stringMatching(/^new objects: (good|poor): an object's first use takes \d+ ms/),
        "tokens in Early Hints: good: nobody is told another one's token in Early Hints",
        expect.stringMatching(/^holding for 1 s: good: a GET that comes 1 s early is answered \d+ ms after/),
        expect.stringMatching(/^holding for 3 s: good: /),
        expect.stringMatching(/^holding for 10 s: good: /),
        expect.stringMatching(/^a PUT of 40 s: (good|poor): a PUT of 40 s comes through/),
        'PUTs that are cut off: good: a PUT that is cut off by FIN or RST or HTTP/2 reset never looks whole',
        'a segment kept for 55 s: good: a complete segment stays, 55 s without being asked for',
        // There is no cache here.
        expect.stringMatching(/^sharing through the cache: poor: of 10 who asked at once 10 reached the object/),
        expect.stringMatching(/^300 GETs at once: (good|poor): 300 GETs at once get each piece within \d+ ms/),
      ]);
      expect(trials.at(-1)?.figures).toMatchObject({ asked: 300, lost: 0 });
    },
  );

  test.for<[what: string, meddling: Meddling, trial: Trial, says: RegExp]>([
    [
      'waits for no answer longer than a second',
      { kind: 'waits for answers', most: 1000 },
      holding(seconds(3), 'long'),
      /^a GET that comes 3 s early is cut off \(.+\): let what is between wait/,
    ],
    [
      'takes no body longer than two seconds',
      { kind: 'takes bodies', most: 2000 },
      longPut,
      /^a PUT of 40 s does not come through: the PUT after [23] s ends \(.+\): let what is between wait/,
    ],
    [
      'serves a hundred at a time',
      { kind: 'serves', most: 100 },
      crowd,
      /^of 300 GETs at once \d+ did not get their segment whole \(PUT gets 429: Cloudflare takes the agent for too fast/,
    ],
    [
      'tells others in Early Hints what it told the first',
      { kind: 'hints', remembers: true },
      earlyHints,
      /^one viewer's token is told to others in Early Hints: turn Early Hints off/,
    ],
    [
      'has tokens in Link headers',
      { kind: 'hints', remembers: false },
      earlyHints,
      /^pages have tokens in their Link headers, which a zone with Early Hints tells to others/,
    ],
  ])('finds out that what is between %s', async ([, meddling, trial, says]) => {
    const verdict = await behind(meddling, trial);
    expect(verdict).toMatchObject({ grade: 'broken', says: expect.stringMatching(says) });
    expect(JSON.stringify(verdict)).not.toContain(await publishToken());
  });

  test('finds out that what is between ends what was cut off, which harms those who do not say how they end', async () => {
    expect(await behind({ kind: 'ends what was cut' }, cutting)).toMatchObject({
      grade: 'poor',
      says: expect.stringMatching(
        /^a PUT that is cut off by FIN or RST looks whole to viewers, unless its encoder says/,
      ),
      figures: { FIN: 'whole', RST: 'whole', 'FIN, marked': 'failed', 'RST, marked': 'failed' },
    });
  });

  test('finds out that small pieces are collected', async () => {
    await using proxy = await startBufferingProxy(edge.url, 'response');
    expect(await tryAt(proxy.url, smallPieces)).toMatchObject({
      grade: 'broken',
      says: expect.stringMatching(
        /^pieces of 200 bytes, 100 ms apart, come back collected, \d+ ms later than need be: turn off/,
      ),
    });
  });

  test('can be told to end in the middle', async () => {
    const over = new AbortController();
    const trial = tryAt(edge.url, longPut, over.signal);
    setTimeout(() => over.abort(new Error('told to')), 500);
    await expect(trial).rejects.toThrow('told to');
  });
});
