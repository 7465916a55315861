/** `fast-ll check`: tells what works and what to do about what does not, and leaves nothing behind. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { check } from '../../agent/check/check.ts';
import { systemClock } from '../../agent/clock.ts';
import type { Finding } from '../../agent/check/finding.ts';
import { parse } from '../../agent/config/load.ts';
import { configSchema, streamsSchema } from '../../agent/config/schema.ts';
import { Redactor } from '../../agent/redact/redactor.ts';
import { startEmbeddedEdge, type EmbeddedEdge } from '../../agent/embedded-edge.ts';
import { seconds } from '../../protocol/units.ts';
import type { StreamName } from '../../protocol/names.ts';
import { startBufferingProxy } from '../fixtures/buffering-proxy.ts';
import { startCamera, type Camera } from '../fixtures/camera/camera.ts';
import { TEST_SECRET } from '../secret.ts';
import { folderWith, freePort, runFastLl, startFastLl } from './support/fast-ll.ts';
import { childrenOf, leftOf } from './support/processes.ts';

const QUALITIES = { video: [{ targetWidth: '640', targetBitrate: '500' }] };
const PASSWORD = 'Admin!!!';

const rtsp = (stream: string, input: string, more: object = {}) => ({
  ...{ name: stream, stream, type: 'RTSP', input, targetFps: '10', qualities: QUALITIES },
  ...more,
});
const generated = (stream: string) => ({ name: stream, stream, type: 'GEN', qualities: QUALITIES });

const startEdge = (timeDisplacement = 0): Promise<EmbeddedEdge> =>
  startEmbeddedEdge({
    host: '127.0.0.1',
    port: 0,
    https: undefined,
    secret: TEST_SECRET,
    playback: 'token',
    timeDisplacement: seconds(timeDisplacement),
    waitForAbsentSegment: true,
    clock: systemClock,
    onError: () => {},
    onNotice: () => {},
  });

interface Outcome {
  readonly exitCode: number;
  readonly ok: boolean;
  readonly findings: readonly Finding[];
}

/** Checks an edge in this process, with generated pictures: quick. */
async function checkEdge(config: object, streams = ['one', 'two'], thorough = false): Promise<Outcome> {
  const lines: string[] = [];
  const checked = {
    ...parse(configSchema, { streams: 'streams.json', ...config }, 'config.json'),
    streams: parse(streamsSchema, streams.map(generated), 'streams.json'),
    ignored: [],
  };
  const exitCode = await check(
    checked,
    { config: 'config.json', json: true, thorough },
    {
      environment: { PATH: process.env['PATH'] },
      clock: systemClock,
      signal: new AbortController().signal,
      redactor: new Redactor(),
      isTerminal: false,
      print: (line) => lines.push(line),
    },
  );
  const document = JSON.parse(lines.join('\n')) as Omit<Outcome, 'exitCode'>;
  return { exitCode, ...document };
}

const saidOf = ({ findings }: Outcome, topic: Finding['topic']): readonly string[] =>
  findings.filter((finding) => finding.topic === topic).map(({ level, message }) => `${level}: ${message}`);

describe('fast-ll check', () => {
  describe('of cameras and the embedded edge', () => {
    let camera: Camera;
    let hanging: Camera;
    beforeAll(async () => {
      const picture = { size: '320x180', fps: 12.5, gopSeconds: 0.8 };
      camera = await startCamera({ ...picture, credentials: { user: 'admin', password: PASSWORD } });
      hanging = await startCamera(picture);
      hanging.hang();
    });
    afterAll(() => Promise.all([camera.close(), hanging.close()]));

    it('tells what each camera sends or why it can not be had, and never a password', async () => {
      const wrong = camera.rawUrlWithCredentials.replace(PASSWORD, 'Sesame!!!');
      const closed = `rtsp://admin:${PASSWORD}@127.0.0.1:${await freePort()}/live`;
      const suiting = { qualities: { video: [{ targetWidth: 320, targetBitrate: 200 }] } };
      await using folder = await folderWith({
        'config.json': { host: '127.0.0.1', port: await freePort(), streams: 'streams.json' },
        'streams.json': [
          rtsp('right', camera.rawUrlWithCredentials, suiting),
          rtsp('wrong', wrong),
          rtsp('closed', closed),
          rtsp('silent', hanging.url),
          rtsp('greedy', camera.rawUrlWithCredentials, { targetFps: '25' }),
        ],
      });
      const { exitCode, stdout, stderr } = await runFastLl(['check', '-c', folder.path('config.json')]);
      expect(exitCode).toBe(1);
      expect(stdout).not.toMatch(/Admin|Sesame/);
      expect(stderr).not.toMatch(/Admin|Sesame/);
      const lines = stdout.split('\n');
      const [right, ...more] = lines.filter((line) => / right /.test(line));
      expect(more).toEqual([]);
      expect(right).toMatch(
        /^✔ right +rtsp:\/\/127\.0\.0\.1:\d+\/live: H\.264 .*320×180, 12\.[3-7] frames\/s, a keyframe every 10 frames \(0\.8 s\), first packet after \d\.\d\d s, first picture after \d\.\d\d s$/,
      );
      expect(stdout).toMatch(/^✘ wrong .*the camera refuses the user name or password: check "input"$/m);
      expect(stdout).toMatch(/^✘ closed .*the camera refuses the connection: check the address and port in "input"$/m);
      expect(stdout).toMatch(/^✘ silent .*the camera is there, but has sent no picture for 10 s/m);
      expect(stdout).toMatch(
        /^! greedy +sends 12\.\d frames\/s, fewer than "targetFps" 25: set "targetFps" to 12\.\d/m,
      );
      expect(stdout).toMatch(/^! greedy +"targetWidth" 640 is wider than its picture.*: set 320 or less/m);
      expect(stdout).toMatch(/^✔ way +request and response bodies stream/m);
      expect(lines.at(-2)).toBe('3 things are broken, 2 could be better.');
      // A line for each check, as it is over.
      expect(stderr.split('\n').toSorted()).toEqual(
        expect.arrayContaining(['✔ FFmpeg checked', '✔ right checked', '✘ wrong checked', '✔ the edge checked']),
      );
    });

    it('ends at once when it is interrupted, with FFmpeg and all', async () => {
      await using folder = await folderWith({
        'config.json': { host: '127.0.0.1', port: await freePort(), streams: 'streams.json' },
        'streams.json': [rtsp('silent', hanging.url)],
      });
      const playing = hanging.whenPlaying(1);
      const running = startFastLl(['check', '-c', folder.path('config.json')]);
      await playing;
      const children = await childrenOf(running.pid, 'ffmpeg');
      expect(children).toHaveLength(1);
      const asked = performance.now();
      process.kill(running.pid ?? 0, 'SIGINT');
      expect(await running.ended).toBe(130);
      expect(performance.now() - asked).toBeLessThan(2000);
      expect(await leftOf(children)).toEqual([]);
      expect(running.stdout).toBe('');
    });
  });

  it('says what is wrong with a configuration as `run` does, and exits with 2', async () => {
    await using folder = await folderWith({
      'config.json': { port: 8000, streams: 'streams.json' },
      'streams.json': [generated('one')],
    });
    const { exitCode, stdout, stderr } = await runFastLl(['check', '-c', folder.path('config.json')]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('host: is missing');
  });

  describe('of an edge elsewhere', () => {
    let elsewhere: EmbeddedEdge;
    let edge: string;
    let token: string;
    beforeAll(async () => {
      elsewhere = await startEdge();
      edge = elsewhere.url.href;
      token = await elsewhere.token('publish', '*', seconds(30 * 86_400));
    });
    afterAll(async () => {
      await elsewhere.edge.dispatcher.destroy();
      await elsewhere.close();
    });
    const listed = async (): Promise<unknown> =>
      (await fetch(new URL('/api/streams', edge), { headers: { authorization: `Bearer ${token}` } })).json();

    it('finds it well, and leaves no stream behind', async () => {
      const outcome = await checkEdge({ edge, token });
      expect(outcome.findings.filter(({ level }) => level !== 'fine')).toEqual([]);
      expect(outcome).toMatchObject({ exitCode: 0, ok: true });
      expect(saidOf(outcome, 'token')).toEqual([expect.stringContaining('accepts it for one, two, until 20')]);
      expect(saidOf(outcome, 'way')).toEqual([expect.stringMatching(/bodies stream to the edge and back: \d+ ms/)]);
      expect(await listed()).toEqual({ streams: [] });
    });

    it('reads back what it sends only with a token to publish', async () => {
      const play = await elsewhere.token('play', '*', seconds(60));
      const probe = new URL('/one/chunk-stream999-1.m4s', edge);
      expect((await fetch(probe)).status).toBe(401);
      expect((await fetch(probe, { headers: { authorization: `Bearer ${play}` } })).status).toBe(403);
    });

    it('tells of which streams a token is, and tries the way with one of them', async () => {
      const forTwo = await elsewhere.token('publish', 'two' as StreamName, seconds(3600));
      const outcome = await checkEdge({ edge, token: forTwo });
      expect(outcome.exitCode).toBe(1);
      expect(saidOf(outcome, 'token')).toEqual([
        expect.stringMatching(/^warning: the edge accepts it for two, until .*, which is soon: make one with/),
        'broken: not accepted for one: it is for the stream two: make one with: fast-ll token --publish --stream "*"',
      ]);
      expect(saidOf(outcome, 'way')).toEqual([expect.stringMatching(/^fine: request and response bodies stream/)]);
      expect(await listed()).toEqual({ streams: [] });
    });

    it.each([
      ['none', () => undefined, /needs a publish token: set FASTLL_TOKEN/],
      ['no token', () => 'nonsense', /it is no token of Fast-ll: make one with/],
      ['one that ended', () => elsewhere.token('publish', '*', seconds(-60)), /it ended at 20.*: make one with/],
      ['one to watch', () => elsewhere.token('play', '*', seconds(3600)), /it is for watching only: make one with/],
      [
        'one of another edge',
        async () => {
          const [header, payload] = token.split('.');
          return `${header}.${payload}.${'A'.repeat(43)}`;
        },
        /it was signed with another secret than the edge's FASTLL_SECRET/,
      ],
    ])('says what is wrong with the token: %s', async (_, make, expected) => {
      const given = await make();
      const outcome = await checkEdge({ edge, ...(given === undefined ? {} : { token: given }) });
      expect(outcome.exitCode).toBe(1);
      expect(saidOf(outcome, 'token')).toEqual([expect.stringMatching(expected)]);
      expect(JSON.stringify(outcome)).not.toContain(given ?? token);
    });

    it.each(['request', 'response'] as const)('finds out that %s bodies are buffered on the way', async (side) => {
      await using proxy = await startBufferingProxy(elsewhere.url, side);
      const outcome = await checkEdge({ edge: proxy.url.href, token });
      expect(outcome.exitCode).toBe(1);
      const way = outcome.findings.find(({ topic }) => topic === 'way');
      expect(way).toMatchObject({ level: 'broken', figures: { streams: false, side, whole: true } });
      expect(way?.message).toMatch(
        new RegExp(`^${side} bodies are buffered whole on the way: the first byte came \\d+ ms late`),
      );
      // Four gaps of 200 ms.
      expect(way?.figures?.['lateMs']).toBeGreaterThan(700);
    });

    it('is not misled by a proxy that passes bodies on', async () => {
      await using proxy = await startBufferingProxy(elsewhere.url, 'nothing');
      const outcome = await checkEdge({ edge: proxy.url.href, token });
      expect(saidOf(outcome, 'way')).toEqual([expect.stringMatching(/^fine: request and response bodies stream/)]);
    });

    it('says that nothing, or something else, is there', async () => {
      const nothing = await checkEdge({ edge: `http://127.0.0.1:${await freePort()}`, token });
      expect(saidOf(nothing, 'edge')).toEqual([expect.stringMatching(/^broken: .*: it refuses the connection: check/)]);
      await using camera = await startCamera({ size: '320x180' });
      const other = await checkEdge({ edge: `http://127.0.0.1:${camera.port}`, token });
      expect(other.exitCode).toBe(1);
      expect(saidOf(other, 'edge')).toEqual([expect.stringMatching(/^broken: /)]);
    });

    it('checks the one that runs on the configured port', async () => {
      const config = { host: '127.0.0.1', port: Number(elsewhere.url.port) };
      const known = await checkEdge({ ...config, secret: TEST_SECRET });
      expect(known.exitCode).toBe(0);
      expect(saidOf(known, 'way')).toEqual([expect.stringMatching(/^fine: request and response bodies stream/)]);
      const unknown = await checkEdge(config);
      expect(unknown.exitCode).toBe(0);
      expect(saidOf(unknown, 'way')).toEqual([
        expect.stringMatching(/^warning: not tried, because .* made its secret/),
      ]);
    });
  });

  it('says when the port is taken by something else', async () => {
    await using camera = await startCamera({ size: '320x180' });
    const outcome = await checkEdge({ host: '127.0.0.1', port: camera.port });
    expect(outcome.exitCode).toBe(1);
    expect(saidOf(outcome, 'edge')).toEqual([expect.stringMatching(/^broken: port \d+ is in use: choose another/)]);
  });

  it('takes a time displacement for what it is', async () => {
    const edge = await startEdge(3);
    try {
      const token = await edge.token('publish', '*', seconds(3600));
      const meant = await checkEdge({ edge: edge.url.href, token, timeDisplacement: 3 });
      expect(saidOf(meant, 'clock')).toEqual([
        expect.stringMatching(/^fine: .* players are told 3\.00 s less, as "timeDisplacement" says$/),
      ]);
      const unmeant = await checkEdge({ edge: edge.url.href, token });
      expect(saidOf(unmeant, 'clock')).toEqual([
        expect.stringMatching(/^fine: .* players are told 3\.00 s less, as TIME_DISPLACEMENT at the edge says$/),
      ]);
    } finally {
      await edge.edge.dispatcher.destroy();
      await edge.close();
    }
  });
});
