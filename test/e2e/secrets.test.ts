/**
 * No secret is told by anything that Fast-ll says, shows or saves: passwords of cameras, the edge's secret, tokens. The one
 * exception: the URLs that it prints for people to open hold the play token that they are opened with, as does what one who
 * asks with a token is answered.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { agentPath } from '../../protocol/paths.ts';
import type { StreamName } from '../../protocol/names.ts';
import { signToken } from '../../protocol/token.ts';
import { startCamera, type Camera } from '../fixtures/camera/camera.ts';
import { folderWith, freePort, runFastLl, startFastLl } from './support/fast-ll.ts';
import { childrenOf, leftOf } from './support/processes.ts';
import { camera as cameraEntry, fastLlWith, generated } from './support/streams.ts';

/** Each is told apart from everything else that may be said. */
const SECRET = 'edge/secret+that=nobody&knows';
const PASSWORDS = { right: 'r!ght#p@ss w%rd/1', wrong: 'Wr0ng:p%40ss&2', nowhere: 'n0where?3', garbage: 'g@rbage!4' };
const IN_QUERY = 'qu3ry%21secret';
const IN_PATH = 'p4th+secret';
const soon = (): number => Math.floor(Date.now() / 1000) + 600;
const publishToken = await signToken({ sub: '*', scope: 'publish', exp: soon() }, SECRET);
const foreignToken = await signToken({ sub: '*', scope: 'publish', exp: soon() }, 'the secret of another edge');
const playToken = await signToken({ sub: '*', scope: 'play', exp: soon() }, SECRET);

/** Every way in which a text may be written that means this secret. */
function forms(secret: string): string[] {
  const decoded = decodeURIComponent(secret.replaceAll(/%(?![0-9a-f]{2})/gi, '%25'));
  const texts = [secret, decoded];
  const encoded = texts.flatMap((text) => {
    const all = [...text].map((one) => (/[a-z0-9]/i.test(one) ? one : `%${one.charCodeAt(0).toString(16)}`)).join('');
    return [encodeURIComponent(text), encodeURI(text), all, all.replaceAll(/%../g, (escape) => escape.toUpperCase())];
  });
  const base64 = texts.flatMap((text) =>
    [text, `admin:${text}`].flatMap((one) => {
      const bytes = Buffer.from(one);
      return [bytes.toString('base64'), bytes.toString('base64url'), bytes.toString('hex')].map((form) =>
        form.replace(/=+$/, ''),
      );
    }),
  );
  const json = texts.map((text) => JSON.stringify(text).slice(1, -1));
  return [...new Set([...texts, ...encoded, ...base64, ...json])];
}

const NEVER = [SECRET, ...Object.values(PASSWORDS), IN_QUERY, IN_PATH, foreignToken];

function expectNoSecret(texts: Readonly<Record<string, string>>, secrets: readonly string[]): void {
  for (const [where, text] of Object.entries(texts)) {
    for (const secret of secrets) {
      for (const form of forms(secret)) {
        const at = text.indexOf(form);
        const around = text.slice(Math.max(0, at - 80), at + 80);
        expect(at, `${form} in ${where}: …${around}…`).toBe(-1);
      }
    }
  }
}

let camera: Camera;
/** Takes connections and says what no camera says. */
const noCamera = createServer((socket) => {
  socket.on('error', () => {});
  socket.once('data', () => socket.end('SSH-2.0-OpenSSH_9.9\r\n\r\n'));
});
let nowhere: number;
const url = (port: number, password: string, path = '/live'): string =>
  `rtsp://admin:${password}@127.0.0.1:${port}${path}`;

beforeAll(async () => {
  const path = `/user=admin_password=${IN_PATH}_channel=1/live?pwd=${IN_QUERY}&stream=0`;
  camera = await startCamera({
    size: '320x180',
    fps: 15,
    path,
    credentials: { user: 'admin', password: PASSWORDS.right },
  });
  nowhere = await freePort();
  await new Promise<void>((resolve) => noCamera.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await camera.close();
  noCamera.close();
});

const streams = (): unknown[] => [
  cameraEntry('front', camera.rawUrlWithCredentials, { alwaysOn: true, saveStats: true }),
  cameraEntry('wrong', url(camera.port, PASSWORDS.wrong), { alwaysOn: true }),
  cameraEntry('away', `${url(nowhere, PASSWORDS.nowhere)}?token=${IN_QUERY}`, { alwaysOn: true }),
  cameraEntry('noise', url((noCamera.address() as AddressInfo).port, PASSWORDS.garbage), { alwaysOn: true }),
];

describe.for([['--verbose'], ['--json', '--verbose']])('an agent with an edge of its own, run with %s', (args) => {
  test('tells no secret to anybody', { timeout: 90_000 }, async () => {
    const port = await freePort();
    const origin = `http://127.0.0.1:${port}`;
    await using files = await folderWith({
      'config.json': { host: '127.0.0.1', port, streams: 'streams.json', playback: 'token', secret: SECRET },
      'streams.json': streams(),
    });
    const fastLl = startFastLl(['-c', files.path('config.json'), ...args], { cwd: files.path('.') });
    const seen: Record<string, string> = {};
    const note = async (path: string, token?: string, init?: RequestInit): Promise<void> => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      const response = await fetch(new URL(path, origin), { ...init, headers });
      const said = `${JSON.stringify([...response.headers])}\n${await response.text()}`;
      seen[
        `${init?.method ?? 'GET'} ${path} (${response.status})${token === undefined ? '' : ` with ${token.slice(-6)}`}`
      ] = said;
    };
    try {
      await fastLl.says(/front: live/);
      await fastLl.says(/wrong: the camera refuses/);
      await fastLl.says(/away: the camera refuses the connection/);
      await fastLl.says(/noise: .*trying again/);
      const listener = new WebSocket(
        `${origin.replace('http', 'ws')}${agentPath('front' as StreamName)}?token=${publishToken}`,
      );
      const heard: string[] = [];
      listener.addEventListener('message', ({ data }) => heard.push(String(data)));
      await new Promise((resolve) => listener.addEventListener('open', resolve));

      const number = Math.floor(Date.now() / 1000);
      const paths = [
        ...[
          '/',
          '/front/',
          '/conf',
          '/version',
          '/isotime',
          '/api/streams',
          '/api/streams/front',
          '/api/streams/noise',
        ],
        ...[
          '/front-alice/manifest.mpd',
          '/noise/manifest.mpd',
          '/front/init-stream0.m4s',
          `/front-alice/chunk-stream0-${number}.m4s`,
        ],
        ...[
          '/api/streams/front/stats',
          '/api/streams/front/stats?format=csv',
          '/api/streams/front/agent',
          '/none/manifest.mpd',
        ],
      ];
      for (const path of paths) {
        for (const token of [undefined, playToken, publishToken, foreignToken]) {
          // What waits for a camera that never comes is asked once.
          if (path.startsWith('/noise/') && token !== playToken) continue;
          await note(path, token);
        }
      }
      for (const method of ['PUT', 'DELETE']) await note('/front/manifest.mpd', foreignToken, { method });
      await note('/front/manifest.mpd', publishToken, { method: 'PUT', body: 'nothing' });
      seen['WebSocket'] = heard.join('\n');
      expect(heard.join()).toContain('wanted');
      listener.close();
    } finally {
      fastLl.kill('SIGTERM');
      await fastLl.ended;
    }
    seen['summary'] = await readFile(files.path('summary_jitter.csv'), 'utf8');
    seen['stderr'] = fastLl.stderr;
    // The exception: URLs to open, each with a play token that was made for it.
    const printed = fastLl.stdout.split('\n');
    const urls = printed.filter((line) => /^(front|wrong|away|noise|All streams): http:\S+\?token=\S+$/.test(line));
    expect(urls).toHaveLength(5);
    seen['stdout'] = printed.filter((line) => !urls.includes(line)).join('\n');

    expect(Object.keys(seen).length).toBeGreaterThan(50);
    // They are what they should be: there is something in them to be hidden.
    expect(seen['stderr']).toContain('•••');
    expect(Object.entries(seen).find(([where]) => where.startsWith('GET /conf (200)'))?.[1]).toContain(
      '_channel=1/live?pwd=•••&stream=0',
    );
    // An answer may repeat the token that it was asked with: a manifest hands it on to the segments.
    const manifests = Object.entries(seen).filter(([where]) => where.startsWith('GET /front-alice/manifest.mpd (200)'));
    expect(manifests.length).toBe(2);
    for (const [where] of manifests) delete seen[where];
    expectNoSecret(Object.fromEntries(manifests), NEVER);
    const urlTokens = urls.map((line) => line.slice(line.indexOf('token=') + 6));
    expectNoSecret(seen, [...NEVER, publishToken, playToken, ...urlTokens]);
  });
});

test.for([[], ['--json']])('check tells no secret: %s', { timeout: 90_000 }, async (args) => {
  await using files = await folderWith({
    'config.json': {
      host: '127.0.0.1',
      port: await freePort(),
      streams: 'streams.json',
      playback: 'token',
      secret: SECRET,
    },
    'streams.json': streams(),
  });
  const { stdout, stderr } = await runFastLl(['check', '-c', files.path('config.json'), ...args], {
    cwd: files.path('.'),
  });
  expect(stdout).toMatch(/wrong.*refuses the user name or password/s);
  expect(stdout).toMatch(/channel=1/);
  expectNoSecret({ stdout, stderr }, NEVER);
});

test('an agent whose token the edge refuses tells neither it nor the secret', { timeout: 60_000 }, async () => {
  const port = await freePort();
  await using edge = startFastLl(['edge', '--port', String(port), '--json', '--verbose'], {
    environment: { FASTLL_SECRET: SECRET },
  });
  await edge.says(/http:/);
  await using files = await folderWith({
    'config.json': { edge: `http://127.0.0.1:${port}`, streams: 'streams.json' },
    'streams.json': [generated('cam', { alwaysOn: true })],
  });
  const environment = { FASTLL_TOKEN: foreignToken };
  const check = await runFastLl(['check', '-c', files.path('config.json')], { environment, cwd: files.path('.') });
  expect(check.stdout).toMatch(/token.*not accepted/s);
  await using agent = startFastLl(['-c', files.path('config.json'), '--verbose'], {
    environment,
    cwd: files.path('.'),
  });
  await agent.says(/the edge refuses|no connection to the edge/);
  const { stdout, stderr } = agent;
  expectNoSecret({ check: check.stdout + check.stderr, agent: stdout + stderr, edge: edge.stderr }, NEVER);
});

test('a password that is a number is told by no figure of the log', async () => {
  // As the time of every line begins.
  const password = String(Date.now()).slice(0, 4);
  await using locked = await startCamera({ size: '320x180', fps: 15, credentials: { user: 'admin', password } });
  await using running = await fastLlWith([cameraEntry('front', locked.rawUrlWithCredentials, { alwaysOn: true })], {
    args: ['--json', '--verbose'],
  });
  await running.fastLl.says(/front: live/);
  const lines = running.fastLl.stderr.trimEnd().split('\n');
  for (const line of lines) {
    const { time } = JSON.parse(line) as { time: number };
    expect(Math.abs(Date.now() - time)).toBeLessThan(60_000);
  }
});

test.for(['exception', 'rejection', 'no error'])(
  'a mistake in Fast-ll, %s, ends it with a sentence, without a secret and with all that it has started',
  async (mistake) => {
    const preload = new URL('../fixtures/mistake.ts', import.meta.url).href;
    await using fastLl = startFastLl(['demo', '--port', '0'], {
      environment: { FASTLL_SECRET: SECRET, NODE_OPTIONS: `--import=${preload}`, MISTAKE: mistake },
    });
    await fastLl.says(/demo: live/);
    const children = await childrenOf(fastLl.pid);
    expect(children.map(({ name }) => name)).toEqual(expect.arrayContaining(['ffmpeg', 'workerd']));
    process.kill(fastLl.pid!, 'SIGUSR2');
    expect(await fastLl.ended).toBe(1);
    expect(fastLl.stderr).toMatch(/^fast-ll: ended by an error that should not happen: .*mistaken for •••.*\n$/m);
    expectNoSecret({ stdout: fastLl.stdout, stderr: fastLl.stderr }, [SECRET, 'hunter2']);
    await vi.waitFor(async () => expect(await leftOf(children)).toEqual([]), 5000);
  },
);

describe('a configuration that is wrong', () => {
  const config = { host: '127.0.0.1', port: 8000, streams: 'streams.json' };
  const input = url(554, PASSWORDS.wrong);
  test.for<[what: string, config: unknown, streams: unknown]>([
    ['the secret where the port belongs', { ...config, port: SECRET }, [generated('cam')]],
    ['the secret where a choice belongs', { ...config, playback: SECRET }, [generated('cam')]],
    ['a token where a flag belongs', { ...config, verbose: foreignToken }, [generated('cam')]],
    ["the camera's URL where the edge's belongs", { streams: 'streams.json', edge: input }, [generated('cam')]],
    ["the camera's URL with another scheme", config, [cameraEntry('cam', input.replace('rtsp', 'http'))]],
    ["the camera's URL where a number belongs", config, [generated('cam', { targetFps: input })]],
    ['a comma missing after the secret', `{"secret": "${SECRET}" "port": 1}`, []],
    ['quotes missing around the secret', `{"secret": ${SECRET}, "port": 1}`, []],
    ["quotes missing around a camera's URL", config, `[{"name": "a", "input": ${input}}]`],
    ['a file that is nothing but the secret', SECRET, []],
  ])('is told without telling it: %s', async ([, wrong, entries]) => {
    await using files = await folderWith({ 'config.json': wrong, 'streams.json': entries });
    const { exitCode, stdout, stderr } = await runFastLl(['-c', files.path('config.json')]);
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/^fast-ll: .*expected/);
    expectNoSecret({ stdout, stderr }, NEVER);
    // V8 shows what stands around a mistake: not even a part of it is told.
    for (const secret of NEVER) expect(stderr).not.toContain(secret.slice(0, 6));
  });
});
