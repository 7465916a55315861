/** Why a camera can't be watched: for each reason a kind and a sentence. */
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { Failure } from '../../../agent/media/failure.ts';
import { writeCertificate } from '../../e2e/support/certificate.ts';
import { startCamera, type CameraOptions } from '../../fixtures/camera/camera.ts';
import type { Habits } from '../../fixtures/camera/habits.ts';
import { watch } from './watching.ts';

const RECORDED = { recorded: true, fps: 250 } satisfies CameraOptions;
const CREDENTIALS = { user: 'admin', password: 's3cret' };

async function failureWith(habits: Habits, more: CameraOptions = {}, patience?: number): Promise<Failure> {
  await using camera = await startCamera({ ...RECORDED, ...more, habits });
  const { failure, video } = await watch(camera.urlWithCredentials, patience === undefined ? {} : { patience });
  expect(video.whole).toEqual([]);
  return failure;
}

/** A server that takes a connection, and says that when it is told something. */
async function listener(says: string | Buffer): Promise<number> {
  const server: Server = createServer((socket) => {
    socket.on('error', () => {});
    socket.once('data', () => socket.end(says));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}

describe('who asks', () => {
  test('with a wrong password is told so, after asking once with it', async () => {
    await using camera = await startCamera({ ...RECORDED, credentials: CREDENTIALS });
    const { failure } = await watch(camera.url.replace('//', '//admin:wr0ng@'));
    expect(failure).toEqual({
      kind: 'credentials',
      message: 'the camera refuses the user name or password: check "input"',
    });
    expect(camera.requests).toEqual(['OPTIONS', 'DESCRIBE', 'DESCRIBE']);
  });

  test('without one is told that one is wanted', async () => {
    await using camera = await startCamera({ ...RECORDED, credentials: CREDENTIALS });
    expect((await watch(camera.url)).failure).toEqual({
      kind: 'credentials',
      message: 'the camera wants a user name and password: put user:password@ before the host in "input"',
    });
  });

  test('in no way that is known is not told of a wrong password', async () => {
    expect(await failureWith({}, { auth: 'unknown', credentials: CREDENTIALS })).toEqual({
      kind: 'unusable',
      message:
        'the camera wants to know who asks, but asks for Digest SHA-999: Basic and Digest (MD5, SHA-256) are known; set it to one of them',
    });
    expect(await failureWith({ answers: { DESCRIBE: 401 } })).toMatchObject({
      kind: 'unusable',
      message: expect.stringContaining('does not say how') as string,
    });
  });
});

test.for<[what: string, habits: Habits, kind: Failure['kind'], message: string]>([
  ['a stream that is forbidden', { answers: { DESCRIBE: 403 } }, 'credentials', 'forbids this stream to this user'],
  ['a track that is forbidden', { answers: { SETUP: 403 } }, 'credentials', 'forbids this stream to this user'],
  ['too many clients, at SETUP', { answers: { SETUP: 453 } }, 'busy', 'serves as many as it can'],
  ['too many clients, at DESCRIBE', { answers: { DESCRIBE: 503 } }, 'busy', 'serves as many as it can'],
  ['too many clients, at PLAY', { answers: { PLAY: 453 } }, 'busy', 'serves as many as it can'],
  ['no such stream, at DESCRIBE', { answers: { DESCRIBE: 404 } }, 'absent', 'no stream at this path'],
  ['no such stream, at SETUP', { answers: { SETUP: 404 } }, 'absent', 'no stream at this path'],
  ['neither TCP nor UDP', { transports: [] }, 'unusable', 'does not offer this transport'],
  ['a session that is forgotten', { answers: { PLAY: 454 } }, 'other', 'forgotten the session'],
  ['a status of its own', { answers: { PLAY: 500 } }, 'other', 'refuses PLAY (status 500)'],
  [
    'JPEG',
    { describes: () => 'v=0\r\nm=video 0 RTP/AVP 26\r\na=control:t\r\n' },
    'unusable',
    'sends JPEG, not H.264 or H.265',
  ],
  ['sound alone', { describes: () => 'v=0\r\nm=audio 0 RTP/AVP 0\r\n' }, 'unusable', 'the camera sends no video'],
  ['nothing it describes', { describes: () => '' }, 'unusable', 'the camera sends no video'],
  ['redirections without end', { redirects: { times: Infinity } }, 'unusable', 'sends one on and on'],
  [
    'a redirection to the web',
    { redirects: { times: 1, to: 'http://cam/' } },
    'unusable',
    'sends one on to what is no RTSP URL',
  ],
  [
    'a body of 1 GB',
    { says: { DESCRIBE: 'RTSP/1.0 200 OK\r\nContent-Length: 1073741824\r\n\r\nv=0\r\n' } },
    'unusable',
    'announces a body of 1073741824 bytes: expected at most 262144 (byte',
  ],
  [
    'a description of 1 MB',
    { describes: () => `v=0\r\n${'a=x\r\n'.repeat(210_000)}` },
    'unusable',
    'announces a body of 1050005 bytes: expected at most 262144 (byte',
  ],
  [
    'a head without end',
    { says: { DESCRIBE: `RTSP/1.0 200 OK\r\n${'X: y\r\n'.repeat(5000)}` } },
    'unusable',
    'sends a head without an end: expected at most 16384 bytes (byte',
  ],
  ['megabytes of noise', { says: { PLAY: '\u0000'.repeat(2_000_000) } }, 'unusable', 'bytes that are not RTSP (byte'],
])('a camera with %s', async ([, habits, kind, message]) => {
  const failure = await failureWith(habits, { credentials: CREDENTIALS });
  expect(failure).toEqual({ kind, message: expect.stringContaining(message) as string });
});

test('a second client where one is served', async () => {
  await using camera = await startCamera({ ...RECORDED, habits: { mostSessions: 1 } });
  const over = new AbortController();
  const first = watch(camera.url, { enough: Infinity, signal: over.signal });
  await camera.whenPlaying(1);
  expect((await watch(camera.url)).failure.kind).toBe('busy');
  over.abort();
  // It said goodbye: the next one is served.
  await first;
  expect((await watch(camera.url)).video.whole.length).toBeGreaterThanOrEqual(25);
});

test('a camera that sends nothing, and one that stops', async () => {
  const silent = { kind: 'silent', message: 'the camera has sent no picture for 0.2 s' };
  await using camera = await startCamera(RECORDED);
  camera.hang();
  expect((await watch(camera.url, { patience: 200 })).failure).toEqual(silent);
  camera.resume();
  const stopped = watch(camera.url, { enough: Infinity, patience: 200 });
  await camera.whenPlaying(1);
  await expect.poll(() => camera.sent.length).toBeGreaterThan(5);
  camera.hang();
  expect((await stopped).failure).toEqual(silent);
});

test('a camera that is switched off while it plays', async () => {
  await using camera = await startCamera(RECORDED);
  const watching = watch(camera.url, { enough: Infinity });
  await camera.whenPlaying(1);
  camera.drop();
  expect((await watching).failure).toEqual({ kind: 'unreachable', message: 'the camera has ended the connection' });
});

describe('what is no camera', () => {
  test('because nothing is there', async () => {
    const { failure } = await watch('rtsp://127.0.0.1:1/live');
    expect(failure).toEqual({
      kind: 'unreachable',
      message: 'the camera refuses the connection: check the address and port in "input"',
    });
  });

  test('because its name is not known', async () => {
    const { failure } = await watch('rtsp://admin:p@camera.invalid/live');
    expect(failure).toEqual({ kind: 'unreachable', message: 'the camera\'s host name is not known: check "input"' });
  });

  test.for<[what: string, says: string, kind: Failure['kind'], message: string]>([
    ['a web server', 'HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n', 'unusable', 'a web server answers there'],
    ['a shell', 'SSH-2.0-OpenSSH_9.9\r\n', 'unusable', 'the camera does not speak RTSP (byte 0)'],
    ['something mute', '', 'unreachable', 'the camera has ended the connection'],
  ])('but %s', async ([, says, kind, message]) => {
    const { failure } = await watch(`rtsp://127.0.0.1:${await listener(says)}/live`);
    expect(failure).toEqual({ kind, message: expect.stringContaining(message) as string });
  });

  test('over TLS where it speaks none', async () => {
    const { failure } = await watch(`rtsps://127.0.0.1:${await listener('RTSP/1.0 400 Bad Request\r\n\r\n')}/live`);
    expect(failure.kind).toBe('unusable');
    expect(failure.message).toMatch(/^the camera does not speak TLS here \(\w+\): check the port, or use rtsp:\/\/$/);
  });
});

test('a camera of TLS is watched with a certificate of its own, and without TLS is none', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'fast-ll-camera-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  await writeCertificate(key, cert);
  const tls = { key: await readFile(key, 'utf8'), cert: await readFile(cert, 'utf8') };
  await using camera = await startCamera({ ...RECORDED, tls, credentials: CREDENTIALS });
  expect(camera.url).toMatch(/^rtsps:/);
  expect((await watch(camera.urlWithCredentials)).video.whole.length).toBeGreaterThanOrEqual(25);
  const { failure } = await watch(camera.urlWithCredentials.replace('rtsps:', 'rtsp:'));
  expect(['unusable', 'unreachable']).toContain(failure.kind);
});

test('a camera that sends one on to another host is not told who asks there', async () => {
  await using other = await startCamera({ ...RECORDED, credentials: CREDENTIALS, host: '127.0.0.2' });
  await using camera = await startCamera({
    ...RECORDED,
    habits: { redirects: { times: Infinity, to: other.url } },
    credentials: CREDENTIALS,
  });
  const { failure } = await watch(camera.urlWithCredentials);
  expect(failure.kind).toBe('credentials');
  expect(other.requests).toEqual(['OPTIONS', 'DESCRIBE']);
  // But what it says itself is used.
  await using open = await startCamera({
    ...RECORDED,
    habits: { redirects: { times: Infinity, to: other.urlWithCredentials } },
  });
  expect((await watch(open.url)).video.whole.length).toBeGreaterThanOrEqual(25);
});
