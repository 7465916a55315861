/** The fixture that stands for a camera, tried with the FFmpegs it has to serve. */
import { once } from 'node:events';
import { connect } from 'node:net';
import ffmpegInstaller from '@ffmpeg-installer/ffmpeg';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startCamera } from '../fixtures/camera/camera.ts';
import type { Camera, CameraOptions } from '../fixtures/camera/camera.ts';
import { digestResponse } from '../fixtures/camera/digest.ts';
import { findFfmpeg } from '../fixtures/camera/ffmpeg.ts';
import { clockStrip, readClockStrip } from '../fixtures/camera/picture.ts';

const ffmpeg = await findFfmpeg();
const SMALL = { size: '320x180', fps: 25, gopSeconds: 0.4 } satisfies CameraOptions;
const DIGEST = { user: 'admin', password: 'Admin!!!' };

/** FFmpeg as a client. It starts with the first frames instead of looking at some seconds of them. */
function player(url: string, output: readonly string[], transport: readonly string[] = ['-rtsp_transport', 'tcp']) {
  const quick = ['-fflags', 'nobuffer', '-probesize', '32', '-analyzeduration', '0'];
  return execa(
    ffmpeg,
    ['-hide_banner', '-nostdin', '-loglevel', 'error', ...transport, ...quick, '-i', url, ...output],
    {
      stdin: 'ignore',
      buffer: { stdout: false },
      reject: false,
      timeout: 15_000,
      killSignal: 'SIGKILL',
    },
  );
}

const playFiveFrames = (url: string, transport?: readonly string[]) =>
  player(url, ['-frames:v', '5', '-f', 'framecrc', 'pipe:2'], transport);

async function expectToPlay(url: string, transport?: readonly string[]): Promise<void> {
  const { exitCode, stderr } = await playFiveFrames(url, transport);
  expect(exitCode, stderr).toBe(0);
  // A line a frame.
  expect(stderr.match(/^0,.+, 0x[0-9a-f]{8}/gm), stderr).toHaveLength(5);
}

/** The elementary stream as it comes, without end. */
const copy = (url: string) => player(url, ['-c', 'copy', '-f', 'h264', '-flush_packets', '1', 'pipe:1']);

async function untilSilentFor(milliseconds: number, stream: NodeJS.ReadableStream): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  const postpone = (): unknown => timer.refresh();
  stream.on('data', postpone);
  await promise;
  stream.off('data', postpone);
}

/** Says RTSP by hand, one request at a time. */
async function converse(camera: Camera) {
  const socket = connect(camera.port, '127.0.0.1').setEncoding('utf8');
  await once(socket, 'connect');
  let cseq = 0;
  return {
    socket,
    async ask(method: string, uri: string, headers: Record<string, string> = {}): Promise<string> {
      const lines = Object.entries({ CSeq: ++cseq, ...headers }).map(([name, value]) => `${name}: ${value}`);
      socket.write([`${method} ${uri} RTSP/1.0`, ...lines, '', ''].join('\r\n'));
      const [reply] = (await once(socket, 'data')) as [string];
      expect(reply).toContain(`CSeq: ${cseq}\r\n`);
      return reply;
    },
    [Symbol.dispose]: (): unknown => socket.destroy(),
  };
}

describe('an RTSP camera', { timeout: 20_000 }, () => {
  describe('asking for credentials', () => {
    let camera: Camera;
    beforeAll(async () => {
      camera = await startCamera({ ...SMALL, credentials: DIGEST });
    });
    afterAll(() => camera.close());

    it('is played by FFmpeg with Digest, from a URL with the password as it is', async () => {
      expect(camera.rawUrlWithCredentials).toBe(`rtsp://admin:Admin!!!@127.0.0.1:${camera.port}/live`);
      await expectToPlay(camera.rawUrlWithCredentials);
    });

    it.for<[scheme: 'digest' | 'basic', password: string]>([
      ['digest', 'p@ss:w%rd !#?&/'],
      ['digest', '100%41'],
      ['basic', 'Admin!!!'],
      ['basic', 'p@ss:w%rd !#?&/'],
    ])('is played with %s and the password %s', async ([auth, password]) => {
      await using other = await startCamera({ ...SMALL, auth, credentials: { user: 'operator', password } });
      await expectToPlay(other.urlWithCredentials);
      expect(other.requests).toEqual(expect.arrayContaining(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY']));
    });

    it('turns a wrong password away, and none at all', async () => {
      const wrong = await playFiveFrames(camera.urlWithCredentials.replace('Admin', 'admin'));
      expect(wrong.exitCode).not.toBe(0);
      expect(wrong.stderr).toContain('401 Unauthorized');
      expect((await playFiveFrames(camera.url)).stderr).toContain('401 Unauthorized');
    });

    it('challenges every wrong answer with a fresh nonce, and takes the right one', async () => {
      using client = await converse(camera);
      const challenge = async (headers = {}): Promise<Record<'realm' | 'nonce', string>> => {
        const reply = await client.ask('DESCRIBE', camera.url, headers);
        expect(reply).toMatch(/^RTSP\/1\.0 401 Unauthorized\r\n/);
        const [, realm = '', nonce = ''] = /WWW-Authenticate: Digest realm="(.+?)", nonce="(\w+)"/.exec(reply) ?? [];
        return { realm, nonce };
      };
      const authorization = ({ realm, nonce }: { realm: string; nonce: string }, password: string) => {
        const { url: uri } = camera;
        const response = digestResponse({ ...DIGEST, password, realm, nonce, method: 'DESCRIBE', uri });
        const answer = { username: DIGEST.user, realm, nonce, uri, response };
        const list = Object.entries(answer).map(([name, value]) => `${name}="${value}"`);
        return { Authorization: `Digest ${list.join(', ')}` };
      };
      const first = await challenge();
      const second = await challenge(authorization(first, 'guess'));
      expect(second.nonce).not.toBe(first.nonce);
      const third = await challenge(authorization(first, DIGEST.password));
      const reply = await client.ask('DESCRIBE', camera.url, authorization(third, DIGEST.password));
      expect(reply).toMatch(/^RTSP\/1\.0 200 OK\r\n/);
    });

    it('computes Digest as in the example of RFC 2617 §3.5', () => {
      const response = digestResponse({
        user: 'Mufasa',
        password: 'Circle Of Life',
        realm: 'testrealm@host.com',
        nonce: 'dcd98b7102dd2f0e8b11d0f600bfb0c093',
        method: 'GET',
        uri: '/dir/index.html',
        qop: 'auth',
        nc: '00000001',
        cnonce: '0a4f113b',
      });
      expect(response).toBe('6629fae49393a05397450978507c4ef1');
    });
  });

  describe('answering requests', () => {
    let camera: Camera;
    beforeAll(async () => {
      camera = await startCamera({ ...SMALL, path: '/cam/realmonitor?channel=1&subtype=0' });
    });
    afterAll(() => camera.close());

    it('refuses UDP, which sends FFmpeg to TCP unless it may not use it', async () => {
      const udp = await playFiveFrames(camera.url, ['-rtsp_transport', 'udp']);
      expect(udp.exitCode).not.toBe(0);
      expect(udp.stderr).toContain('461 Unsupported Transport');
      const seen = camera.requests.length;
      await expectToPlay(camera.url, []);
      expect(camera.requests.slice(seen).filter((method) => method === 'SETUP')).toHaveLength(2);
    });

    it('names what is wrong with a request', async () => {
      using client = await converse(camera);
      expect(await client.ask('DESCRIBE', `rtsp://127.0.0.1:${camera.port}/nowhere`)).toContain('404 Not Found');
      expect(await client.ask('DANCE', camera.url)).toContain('501 Not Implemented');
      expect(await client.ask('RECORD', camera.url)).toContain('405 Method Not Allowed');
      expect(await client.ask('DESCRIBE', camera.url, { Accept: 'text/html' })).toContain('406 Not Acceptable');
      expect(await client.ask('PLAY', camera.url)).toContain('455 Method Not Valid in This State');
      expect(await client.ask('PLAY', camera.url, { Session: '1' })).toContain('454 Session Not Found');
      client.socket.write('GET / HTTP/1.1\r\n\r\n');
      expect((await once(client.socket, 'data'))[0]).toContain('400 Bad Request');
    });

    it('goes through the states of a session, frames and all', async () => {
      using client = await converse(camera);
      expect(await client.ask('OPTIONS', '*')).toMatch(/Public: .*GET_PARAMETER/);
      const description = await client.ask('DESCRIBE', camera.url, { Accept: 'application/sdp' });
      expect(description).toContain(`Content-Base: ${camera.url}/\r\n`);
      expect(description).toMatch(/packetization-mode=1; sprop-parameter-sets=Z[\w+/=]+,a[\w+/=]+\r\n/);
      const [, track = ''] = /m=video[^]*a=control:(\S+)/.exec(description) ?? [];

      const setup = await client.ask('SETUP', `${camera.url}/${track}`, {
        Transport: 'RTP/AVP;unicast;client_port=5000-5001,RTP/AVP/TCP;unicast;interleaved=4-5',
      });
      expect(setup).toMatch(/Transport: RTP\/AVP\/TCP;unicast;interleaved=4-5;/);
      const [, session = ''] = /Session: (\w+);timeout=60/.exec(setup) ?? [];
      expect(await client.ask('GET_PARAMETER', camera.url, { Session: session })).toContain('200 OK');
      expect(camera.sessions).toBe(0);

      client.socket.setEncoding('latin1');
      const play = await client.ask('PLAY', camera.url, { Session: session, Range: 'npt=0.000-' });
      const [, url, sequence] = /RTP-Info: url=(\S+);seq=(\d+);rtptime=\d+\r\n/.exec(play) ?? [];
      expect(url).toBe(`${camera.url}/${track}`);
      expect(camera.sessions).toBe(1);
      const packet = Buffer.from(((await once(client.socket, 'data')) as [string])[0], 'latin1');
      expect(packet.toString('latin1', 0, 2)).toBe('$\x04');
      expect(packet.readUInt16BE(2)).toBeLessThanOrEqual(1400);
      expect(packet.readUInt16BE(4 + 2)).toBe(Number(sequence));

      client.socket.write(`TEARDOWN ${camera.url} RTSP/1.0\r\nCSeq: 99\r\nSession: ${session}\r\n\r\n`);
      await camera.whenPlaying(0);
    });
  });

  describe('misbehaving', () => {
    let camera: Camera;
    beforeAll(async () => {
      camera = await startCamera({ ...SMALL, credentials: DIGEST });
    });
    afterAll(() => camera.close());

    it('stops sending but keeps the connection when it hangs, and resumes', async () => {
      const client = copy(camera.urlWithCredentials);
      await once(client.stdout, 'data');
      camera.hang();
      await untilSilentFor(500, client.stdout);
      expect(camera.sessions).toBe(1);
      camera.resume();
      await once(client.stdout, 'data');
      client.kill();
      await client;
      await camera.whenPlaying(0);
    });

    it('ends its clients when it drops them, and serves the next', async () => {
      const clients = [copy(camera.urlWithCredentials), copy(camera.urlWithCredentials)];
      await Promise.all(clients.map((client) => once(client.stdout.resume(), 'data')));
      expect(camera.sessions).toBe(2);
      camera.drop();
      for (const { timedOut } of await Promise.all(clients)) expect(timedOut).toBe(false);
      expect(camera.sessions).toBe(0);
      await expectToPlay(camera.urlWithCredentials);
    });

    it('cannot be reached while it is unplugged, and comes back on the same port', async () => {
      const client = copy(camera.urlWithCredentials);
      await once(client.stdout.resume(), 'data');
      const { port } = camera;
      await camera.unplug();
      await client;
      expect((await playFiveFrames(camera.urlWithCredentials)).stderr).toContain('Connection refused');
      await camera.plugIn();
      expect(camera.port).toBe(port);
      await expectToPlay(camera.urlWithCredentials);
    });
  });

  describe('showing a clock', () => {
    const WIDTH = 320;
    const HEIGHT = 180;
    const FRAME_SIZE = WIDTH * HEIGHT * 4;

    it.for([
      ['the FFmpeg on PATH', ffmpeg],
      ["npm's FFmpeg", ffmpegInstaller.path],
    ])('made by %s, right to the frame, and readable at half the size', async ([, maker]) => {
      await using camera = await startCamera({ ffmpeg: maker!, size: '640x360', fps: 25, gopSeconds: 0.4 });
      // One thread: each further one holds a frame back in the decoder.
      const filters = ['-threads', '1', '-vf', `scale=${WIDTH}:${HEIGHT}`, '-frames:v', '50'];
      const client = player(camera.url, [...filters, '-f', 'rawvideo', '-pix_fmt', 'rgba', 'pipe:1']);
      const readings: { shown: number; seen: number }[] = [];
      let bytes = Buffer.alloc(0);
      for await (const chunk of client.stdout as AsyncIterable<Buffer>) {
        bytes = Buffer.concat([bytes, chunk]);
        for (; bytes.length >= FRAME_SIZE; bytes = bytes.subarray(FRAME_SIZE)) {
          const shown = readClockStrip(new Uint8ClampedArray(bytes.subarray(0, FRAME_SIZE)), WIDTH, HEIGHT);
          expect(shown).toBeDefined();
          readings.push({ shown: shown!, seen: Date.now() % 2 ** 32 });
        }
      }
      expect(await client).toMatchObject({ exitCode: 0 });
      expect(readings).toHaveLength(50);
      const delays = readings.map(({ shown, seen }) => seen - shown);
      expect(Math.min(...delays.slice(25))).toBeGreaterThanOrEqual(0);
      expect(Math.max(...delays.slice(25))).toBeLessThan(1000);
      // 25 frames at 25 a second: a second by the clock shown as by ours.
      const second = readings[49]!.shown - readings[24]!.shown;
      expect(second).toBeGreaterThan(900);
      expect(second).toBeLessThan(1300);
    });

    it('at any scale and size, each bit of any time', async () => {
      for (const [width, height, scaled] of [
        [640, 480, 160],
        [1280, 720, 320],
        [354, 288, 354],
        [640, 360, 1000],
      ] as const) {
        for (const time of [0x5555_5555, 0xaaaa_aaaa, 1, 0x8000_0000, 1_795_000_000_123]) {
          const scaledHeight = 2 * Math.round((height * scaled) / width / 2);
          const clock = `settb=1/1000000,setpts=${time * 1000},${clockStrip({ width, height })}`;
          const input = ['-v', 'error', '-f', 'lavfi', '-i', `testsrc2=size=${width}x${height}`];
          const filters = ['-vf', `${clock},scale=${scaled}:${scaledHeight}`, '-frames:v', '1'];
          const output = ['-f', 'rawvideo', '-pix_fmt', 'rgba', 'pipe:1'];
          const { stdout } = await execa(ffmpeg, [...input, ...filters, ...output], { encoding: 'buffer' });
          const reading = readClockStrip(new Uint8ClampedArray(stdout), scaled, scaledHeight);
          expect(reading, `${time} at ${width}x${height} scaled to ${scaled}`).toBe(time % 2 ** 32);
        }
      }
    });

    it('and pictures without one give no reading', async () => {
      for (const level of [0, 128, 255]) {
        expect(readClockStrip(new Uint8ClampedArray(FRAME_SIZE).fill(level), WIDTH, HEIGHT)).toBeUndefined();
      }
      expect(readClockStrip(new Uint8ClampedArray(), WIDTH, HEIGHT)).toBeUndefined();
    });
  });

  describe('ending', () => {
    /** How many FFmpegs this process has started that still run. */
    const running = async (): Promise<number> => {
      const { stdout } = await execa('pgrep', ['-P', String(process.pid), 'ffmpeg'], { reject: false, lines: true });
      return stdout.length;
    };

    it('leaves no FFmpeg behind when its signal aborts, and clients lose it', async () => {
      const before = await running();
      const controller = new AbortController();
      const camera = await startCamera({ ...SMALL, signal: controller.signal });
      const client = copy(camera.url);
      await once(client.stdout.resume(), 'data');
      expect(await running()).toBe(before + 2);
      controller.abort();
      await camera.closed;
      await client;
      expect(await running()).toBe(before);
      await camera.close();
      await expect(camera.plugIn()).rejects.toThrow('closed');
    });

    it('says so when its FFmpeg fails, and is unreachable then', async () => {
      const camera = await startCamera(SMALL);
      const client = copy(camera.url);
      await once(client.stdout.resume(), 'data');
      await execa('pkill', ['-KILL', '-P', String(process.pid), '-f', 'x264-params']);
      await expect(camera.closed).rejects.toThrow(/picture failed: \S+: it was ended by SIGKILL$/);
      await client;
      expect((await playFiveFrames(camera.url)).stderr).toContain('Connection refused');
    });

    it('says why it cannot start', async () => {
      const before = await running();
      await using camera = await startCamera(SMALL);
      await expect(startCamera({ ...SMALL, port: camera.port })).rejects.toThrow('EADDRINUSE');
      await expect(startCamera({ ...SMALL, ffmpeg: '/nowhere/ffmpeg' })).rejects.toThrow('/nowhere/ffmpeg ENOENT');
      await expect(startCamera({ ...SMALL, fps: -1 })).rejects.toThrow(/picture failed.*rate/s);
      await expect(startCamera({ ...SMALL, size: 'huge' })).rejects.toThrow("not 'huge'");
      await expect(startCamera({ ...SMALL, signal: AbortSignal.abort() })).rejects.toThrow('abort');
      expect(await running()).toBe(before + 1);
    });
  });
});
