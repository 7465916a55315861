/** RTSP cameras, from the configuration to the viewer. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startCamera, type Camera } from '../fixtures/camera/camera.ts';
import { writeCertificate } from './support/certificate.ts';
import { folderWith, freePort, startFastLl, type RunningFastLl } from './support/fast-ll.ts';
import { childrenOf } from './support/processes.ts';
import { Viewer } from './support/segments.ts';
import { camera as cameraEntry, fastLlWith } from './support/streams.ts';

const PICTURE = { size: '320x180', fps: 15, gopSeconds: 1 };

test.for([
  ['digest', 'p@ss#w%rd!&'],
  ['basic', 'Admin!!! :100%'],
] as const)('a camera with %s and the password %s, pasted as it is, is watched', async ([auth, password]) => {
  await using camera = await startCamera({ ...PICTURE, auth, credentials: { user: 'operator', password } });
  expect(camera.rawUrlWithCredentials).toContain(password);
  await using running = await fastLlWith([cameraEntry('front', camera.rawUrlWithCredentials)], { args: ['-v'] });
  const { fastLl, origin } = running;
  await using viewer = new Viewer(origin, 'front');
  expect(await viewer.manifest()).toContain('width="320" height="180"');
  const { fragments } = await viewer.segment(viewer.current + 1);
  expect(fragments[0]?.frames[0]?.keyframe).toBe(true);
  expect(fastLl.stdout + fastLl.stderr).not.toContain(password);
  expect(fastLl.stdout + fastLl.stderr).not.toContain(encodeURIComponent(password));
});

describe("the original's example", () => {
  const CREDENTIALS = { user: 'admin2', password: 'Admin!!!' };
  let camera: Camera;
  let files: Awaited<ReturnType<typeof folderWith>>;
  let fastLl: RunningFastLl;
  let origin: string;
  let certificate: string;

  beforeAll(async () => {
    camera = await startCamera({ ...PICTURE, credentials: CREDENTIALS, path: '/h264/ch1/main/av_stream' });
    const port = await freePort();
    origin = `https://127.0.0.1:${port}`;
    const original = (name: string): Promise<string> =>
      readFile(new URL(`../fixtures/original/${name}`, import.meta.url), 'utf8');
    const config = JSON.parse(await original('config.json')) as object;
    // Where the camera and this machine are is all that differs.
    const streams = (await original('streams.json')).replaceAll('192.168.0.89:554', `127.0.0.1:${camera.port}`);
    files = await folderWith({
      'config.json': { ...config, host: '127.0.0.1', port, sslKeyFile: 'cert.key', sslCertFile: 'cert.pem' },
      'streams.json': streams,
    });
    await writeCertificate(files.path('cert.key'), files.path('cert.pem'));
    certificate = await readFile(files.path('cert.pem'), 'utf8');
    fastLl = startFastLl(['-c', files.path('config.json')], { cwd: files.path('.') });
    await fastLl.says(/^All streams: https:/m);
  });
  afterAll(async () => {
    await fastLl[Symbol.asyncDispose]();
    await camera.close();
    await files[Symbol.asyncDispose]();
  });

  const watch = (stream: string): Viewer => {
    const viewer = new Viewer(origin, stream, { certificate });
    onTestFinished(() => viewer[Symbol.asyncDispose]());
    return viewer;
  };
  const representations = (manifest: string): number => manifest.match(/<Representation /g)?.length ?? 0;

  test('leaves the camera alone until somebody asks for the manifest', async () => {
    await watch('hik1').whenState('idle');
    expect(await childrenOf(fastLl.pid, 'ffmpeg')).toEqual([]);
    expect(camera.requests).toEqual([]);
  });

  test('runs as it is: three qualities cut at the same moments, from one decode', async () => {
    const viewer = watch('hik2');
    const asked = performance.now();
    expect(representations(await viewer.manifest())).toBe(3);
    const number = viewer.current + 1;
    const segments = await Promise.all([0, 1, 2].map((representation) => viewer.segment(number, representation)));
    expect(await childrenOf(fastLl.pid, 'ffmpeg')).toHaveLength(1);
    expect(camera.sessions).toBe(1);
    for (const { fragments } of segments) {
      expect(fragments[0]?.frames[0]?.keyframe).toBe(true);
      expect(fragments.map(({ time }) => time)).toEqual(segments[0]?.fragments.map(({ time }) => time));
      expect(Math.abs(fragments[0]!.time - number)).toBeLessThan(0.1);
      // At the target rate, not at the camera's; one more or less where a frame falls between two.
      expect(Math.abs(fragments.flatMap(({ frames }) => frames).length - 10)).toBeLessThanOrEqual(1);
    }
    const sizes = segments.map(({ bytes }) => bytes.length);
    expect(sizes, 'a higher bitrate is more bytes').toEqual(sizes.toSorted((a, b) => a - b));
    expect(performance.now() - asked, 'from the first request to the end of the first segment').toBeLessThan(8000);
  });

  test('with server-side switching shows players one quality', async () => {
    const viewer = watch('hik1');
    expect(representations(await viewer.manifest())).toBe(1);
    await viewer.segment(viewer.current + 1);
  });

  test('stops the camera 15 s after the last viewer', { timeout: 30_000 }, async () => {
    const viewer = watch('hik2');
    await viewer.manifest();
    await viewer.segment(viewer.current + 1);
    const lastWatched = performance.now();
    await viewer.whenState('idle', 20_000);
    const stoppedAfter = performance.now() - lastWatched;
    expect(stoppedAfter).toBeGreaterThan(13_000);
    expect(stoppedAfter).toBeLessThan(18_000);
    await expect.poll(() => childrenOf(fastLl.pid, 'ffmpeg'), { timeout: 3000 }).toEqual([]);
    await camera.whenPlaying(0);
  });
});

describe('a camera that cannot be had', () => {
  test('for a wrong password: one line says so, and no line says the password', async () => {
    const right = { user: 'admin', password: 'the right one' };
    await using camera = await startCamera({ ...PICTURE, credentials: right });
    const wrong = camera.url.replace('rtsp://', 'rtsp://admin:Gu3ss!w@rd@');
    await using running = await fastLlWith([cameraEntry('front', wrong, { alwaysOn: true })], { args: ['-v'] });
    const { fastLl, origin } = running;
    const [line] = await fastLl.says(/^.*refuses the user name or password.*$/m);
    expect(line).toContain(
      'WARN: front: the camera refuses the user name or password: check "input"; trying again in 30 s',
    );
    await using viewer = new Viewer(origin, 'front');
    await viewer.whenState('waiting');
    expect((await viewer.text('/api/streams')).text).toContain('refuses the user name or password');
    expect(camera.requests.filter((method) => method === 'DESCRIBE').length).toBeLessThanOrEqual(2);
    fastLl.kill('SIGTERM');
    expect(await fastLl.ended).toBe(0);
    const warnings = fastLl.stderr.split('\n').filter((text) => /WARN|ERROR/.test(text));
    expect(warnings).toEqual([line]);
    const said = fastLl.stdout + fastLl.stderr;
    for (const part of ['Gu3ss', 'w@rd', 'w%40rd', encodeURIComponent('Gu3ss!w@rd')]) expect(said).not.toContain(part);
  });

  test('because nothing answers at its address: a line says so, and so does the edge', async () => {
    const port = await freePort();
    const input = `rtsp://admin:secret@127.0.0.1:${port}/live`;
    await using running = await fastLlWith([cameraEntry('front', input, { alwaysOn: true })]);
    const { fastLl, origin } = running;
    const [line] = await fastLl.says(/^.*WARN.*$/m);
    expect(line).toMatch(
      /front: the camera refuses the connection: check the address and port in "input"; trying again in 0\.5 s$/,
    );
    await using viewer = new Viewer(origin, 'front');
    await viewer.whenState('waiting');
    const { status, text } = await viewer.text('manifest.mpd');
    expect(status).toBe(503);
    expect(text).toContain('the camera refuses the connection');
    expect(fastLl.stdout + fastLl.stderr + text).not.toContain('secret');
  });
});
