/** What a session does as time goes by: with a camera that says what its script has, and time that a test lets go by. */
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { SimulatedClock } from '../../simulated-clock.ts';
import { answer, obedient, packet, ScriptedCamera, type Script } from './scripted-camera.ts';
import { watch, type Watched } from './watching.ts';
import { wirePair } from './wire-pair.ts';

interface Watching {
  readonly camera: ScriptedCamera;
  readonly clock: SimulatedClock;
  readonly over: AbortController;
  readonly watched: Promise<Watched>;
}

async function watching(script: Script = obedient, patience = 15_000): Promise<Watching> {
  const camera = new ScriptedCamera(script);
  const clock = new SimulatedClock();
  const over = new AbortController();
  const watched = watch('rtsp://cam/live', {
    dial: camera.dial,
    clock,
    patience,
    enough: Infinity,
    signal: over.signal,
  });
  await settled();
  return { camera, clock, over, watched };
}

/** Lets all be done that needs no time. */
async function settled(): Promise<void> {
  for (let count = 0; count < 50; count += 1) await turn();
}

describe('a session is kept alive', () => {
  /** Methods that came while so many seconds went by, in which pictures came. */
  async function methodsIn(seconds: number, script: Script): Promise<string[]> {
    const { camera, clock, over, watched } = await watching(script);
    const before = camera.methods.length;
    for (let second = 0; second < seconds; second += 1) {
      camera.say(packet(second));
      await settled();
      await clock.advance(1000);
    }
    const methods = camera.methods.slice(before);
    over.abort();
    await watched;
    return methods;
  }
  const setUp =
    (session: string, others: Script = obedient): Script =>
    (asked, camera) =>
      asked.method === 'SETUP' ? answer(asked, [`Session: ${session}`]) : others(asked, camera);

  test('by half its time-out', async () => {
    expect(await methodsIn(41, obedient)).toEqual(['GET_PARAMETER', 'GET_PARAMETER', 'GET_PARAMETER', 'GET_PARAMETER']);
  });
  test('each 30 s, where it says nothing or a long time', async () => {
    expect(await methodsIn(61, setUp('42'))).toEqual(['GET_PARAMETER', 'GET_PARAMETER']);
    expect(await methodsIn(61, setUp('42;timeout=86400'))).toEqual(['GET_PARAMETER', 'GET_PARAMETER']);
  });
  test('no more than each second, whatever it says', async () => {
    expect(await methodsIn(5, setUp('42;timeout=0'))).toHaveLength(5);
  });
  test('by OPTIONS, where it says nothing of GET_PARAMETER', async () => {
    const script: Script = (asked, camera) => (asked.method === 'OPTIONS' ? answer(asked) : obedient(asked, camera));
    expect(await methodsIn(21, script)).toEqual(['OPTIONS', 'OPTIONS']);
  });
  test('by OPTIONS, once it has refused GET_PARAMETER', async () => {
    const script: Script = (asked, camera) =>
      asked.method === 'GET_PARAMETER' ? answer(asked, [], '', '501 Not Implemented') : obedient(asked, camera);
    expect(await methodsIn(31, script)).toEqual(['GET_PARAMETER', 'OPTIONS', 'OPTIONS']);
  });
  test('though it does not answer', async () => {
    const script: Script = (asked, camera) => (asked.method === 'GET_PARAMETER' ? undefined : obedient(asked, camera));
    expect(await methodsIn(61, script)).toEqual(['GET_PARAMETER', 'GET_PARAMETER', 'GET_PARAMETER']);
  });
});

describe('no wait is without an end', () => {
  test.for(['OPTIONS', 'DESCRIBE', 'SETUP', 'PLAY'])('%s that is never answered', async (method) => {
    const { camera, clock, watched } = await watching((asked, one) =>
      asked.method === method ? undefined : obedient(asked, one),
    );
    await clock.advance(10_000);
    expect((await watched).failure).toEqual({
      kind: 'unreachable',
      message: `the camera has not answered ${method} for 10 s`,
    });
    expect(camera.ended).toBe(1);
  });

  test('DESCRIBE that is answered a byte a second', async () => {
    const { camera, clock, watched } = await watching((asked, one) =>
      asked.method === 'DESCRIBE' ? undefined : obedient(asked, one),
    );
    for (const byte of 'RTSP/1.0 200 OK') {
      camera.say(byte);
      await clock.advance(1000);
    }
    expect((await watched).failure.kind).toBe('unreachable');
  });

  test('no media, though questions are answered', async () => {
    const { clock, watched } = await watching();
    await clock.advance(15_000);
    expect((await watched).failure).toEqual({ kind: 'silent', message: 'the camera has sent no picture for 15 s' });
  });

  test('a goodbye that is not answered takes half a second', async () => {
    const { camera, clock, over, watched } = await watching((asked, one) =>
      asked.method === 'TEARDOWN' ? undefined : obedient(asked, one),
    );
    over.abort();
    await settled();
    expect(camera.methods.at(-1)).toBe('TEARDOWN');
    expect(camera.ended).toBe(0);
    await clock.advance(500);
    await watched;
    await settled();
    expect(camera.ended).toBe(1);
  });

  test.for([
    [500, true],
    [499, false],
  ] as const)(
    'a description that lacks two bytes is taken after 500 ms of quiet: after %d ms %s',
    async ([time, isTaken]) => {
      const { camera, clock, over, watched } = await watching((asked, one) => {
        const said = obedient(asked, one);
        return asked.method === 'DESCRIBE' && typeof said === 'string'
          ? said.replace(/Content-Length: (\d+)/, (_, length) => `Content-Length: ${Number(length) + 2}`)
          : said;
      });
      expect(camera.methods).toEqual(['OPTIONS', 'DESCRIBE']);
      await clock.advance(time);
      await settled();
      expect(camera.methods.includes('SETUP')).toBe(isTaken);
      over.abort();
      await watched;
    },
  );
});

describe('aborted', () => {
  test.for([
    ['OPTIONS', false],
    ['DESCRIBE', false],
    ['SETUP', false],
    ['PLAY', true],
  ] as const)('while it waits for the answer to %s, it ends; said goodbye: %s', async ([method, saysGoodbye]) => {
    const { camera, clock, over, watched } = await watching((asked, one) =>
      asked.method === method ? undefined : obedient(asked, one),
    );
    over.abort();
    await clock.advance(500);
    await watched;
    await settled();
    expect(camera.methods.at(-1)).toBe(saysGoodbye ? 'TEARDOWN' : method);
    expect(camera.ended).toBe(1);
  });

  test('while it connects, it ends', async () => {
    const over = new AbortController();
    let gaveUp = false;
    const watched = watch('rtsp://cam/live', {
      clock: new SimulatedClock(),
      signal: over.signal,
      dial: (_url, _clock, signal) =>
        new Promise((_, reject) => {
          signal.addEventListener('abort', () => {
            gaveUp = true;
            reject(new Error('aborted'));
          });
        }),
    });
    await settled();
    over.abort();
    await watched.catch(() => {});
    expect(gaveUp).toBe(true);
  });

  test('before it began, it does nothing', async () => {
    const camera = new ScriptedCamera();
    await watch('rtsp://cam/live', { dial: camera.dial, signal: AbortSignal.abort() });
    expect(camera.dials).toBe(0);
  });
});

test('a camera that asks without end, and reads no answers, is left', async () => {
  // Nothing is read on the other side.
  const [client, server] = wirePair();
  const watched = watch('rtsp://cam/live', {
    clock: new SimulatedClock(),
    dial: () => Promise.resolve({ stream: client, remoteAddress: undefined, localAddress: undefined }),
  });
  await settled();
  for (let count = 0; count < 20_000; count += 1) server.write(`OPTIONS * RTSP/1.0\r\nCSeq: ${count}\r\n\r\n`);
  expect((await watched).failure).toEqual({ kind: 'unusable', message: 'the camera asks, but reads no answers' });
});
