/** Cameras that say what no camera should, from the first answer to the last packet: a reason in a sentence, and no more. */
import assert from 'node:assert/strict';
import { setImmediate as turn } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { pino } from 'pino';
import { expect, inject, test } from 'vitest';
import type { Failure } from '../../agent/media/failure.ts';
import { cameraSource } from '../../agent/rtsp/source.ts';
import { PROGRESSIVE, sps } from '../avc-picture.ts';
import { AVC_PACKING, packed, Packetizer } from '../rtp-packetizer.ts';
import { SimulatedClock } from '../simulated-clock.ts';
import { answer, obedient, ScriptedCamera, type Asked } from '../unit/rtsp/scripted-camera.ts';
import { cameraUrl } from '../unit/rtsp/watching.ts';
import { mutation, type Mutation } from './mutations.ts';

const { seed, inputs: numRuns } = inject('fuzz');

/** Descriptions as makers write them: what there is, in which order, called what. */
const SETS = 'packetization-mode=1;profile-level-id=4D001F;sprop-parameter-sets=Z00AH5WoFAFugA==,aM48gA==';
const video = ['m=video 0 RTP/AVP 96', 'a=rtpmap:96 H264/90000'];
const DESCRIPTIONS: readonly (readonly string[])[] = [
  ['a=control:*', ...video, `a=fmtp:96 ${SETS}`, 'a=control:trackID=1', 'm=audio 0 RTP/AVP 0', 'a=control:trackID=2'],
  [
    'c=IN IP4 0.0.0.0',
    'm=application 0 RTP/AVP 107',
    'a=rtpmap:107 vnd.onvif.metadata/90000',
    'a=control:rtsp://cam/m',
    ...video,
    'a=control:rtsp://10.0.0.5/live/v',
  ],
  [
    ...video,
    'a=framerate:25.000000',
    `a=fmtp:96 ${SETS};`,
    'a=recvonly',
    'a=control:track1',
    'm=audio 0 RTP/AVP 8',
    'a=sendonly',
    'a=control:back',
  ],
  [
    'm=video 0 RTP/AVP 98',
    'b=AS:2048',
    'a=rtpmap:98 H265/90000',
    'a=fmtp:98 sprop-vps=QAEM;sprop-sps=QgEB;sprop-pps=RAHA',
    'a=control:/v',
  ],
  ['m=video 0 RTP/AVP 26', 'a=control:?track=1'],
];
const CHALLENGES = ['Basic realm="IPC"', 'Digest realm="IPC", nonce="12", qop="auth", algorithm=SHA-256, stale=TRUE'];

const STATUSES = ['302 Found', '401 No', '403 No', '404 No', '453 No', '454 No', '461 No', '500 No', '503 No'];

/** A second of pictures, as they are sent interleaved: a second has 4 of them. */
function pictures(count: number): Buffer[] {
  const packets = new Packetizer();
  return Array.from({ length: count }, (_, index) => {
    const isKey = index % 4 === 0;
    const slice = Uint8Array.of(
      isKey ? 0x65 : 0x41,
      0x9a,
      ...Array.from({ length: isKey ? 2500 : 300 }, (__, at) => 1 + (at % 255)),
    );
    const units = isKey ? [Uint8Array.from(sps(PROGRESSIVE)), Uint8Array.of(0x68, 0xce, 0x3c, 0x80), slice] : [slice];
    return Buffer.concat(
      packets
        .packets(packed(units, AVC_PACKING, 1000), index * 22_500)
        .flatMap((packet) => [Buffer.of(0x24, 0, packet.length >> 8, packet.length & 255), packet]),
    );
  });
}
/** Media comes in so many turns, with so much time between them: sessions are kept alive meanwhile. */
const TURNS = 6;
const PICTURES = pictures(TURNS * 4);
const TURN_MS = 4000;
/** Whatever a camera does, it is over after this long. */
const LIMIT_MS = 120_000;

interface Dialogue {
  readonly description: readonly string[];
  readonly challenge: string | undefined;
  readonly lineEnd: string;
  /** What goes wrong with an answer, by its number. */
  readonly answers: readonly (readonly Mutation[])[];
  /** And with media, by its turn. */
  readonly media: readonly (readonly Mutation[])[];
  readonly chunk: number;
  /** What is refused, by its number. */
  readonly refusal: { readonly index: number; readonly status: string } | undefined;
}
const mutations = (most: number): fc.Arbitrary<Mutation[]> => fc.array(mutation, { maxLength: most });
const dialogue: fc.Arbitrary<Dialogue> = fc.record({
  description: fc.constantFrom(...DESCRIPTIONS),
  challenge: fc.option(fc.constantFrom(...CHALLENGES), { freq: 2, nil: undefined }),
  lineEnd: fc.constantFrom('\r\n', '\r\n', '\n'),
  answers: fc.array(fc.oneof({ weight: 4, arbitrary: fc.constant([]) }, mutations(3)), { maxLength: 8 }),
  media: fc.array(fc.oneof(fc.constant([]), mutations(3)), { maxLength: TURNS }),
  chunk: fc.integer({ min: 20, max: 3000 }),
  refusal: fc.option(fc.record({ index: fc.nat({ max: 6 }), status: fc.constantFrom(...STATUSES) }), {
    freq: 4,
    nil: undefined,
  }),
});

const goneWrong = (bytes: Uint8Array, wrong: readonly Mutation[] = []): Uint8Array =>
  wrong.reduce((changed, mutate) => mutate(changed), bytes);

function say(camera: ScriptedCamera, bytes: Uint8Array, chunk: number): void {
  for (let at = 0; at < bytes.length; at += chunk) camera.say(bytes.subarray(at, at + chunk));
}

const errors: string[] = [];
const log = pino({ level: 'error' }, { write: (line: string) => errors.push(line) });

/** How it ended, and how many frames there were. */
async function hold(one: Dialogue): Promise<{ failure: Failure | undefined; frames: number; took: number }> {
  const describe = (asked: Asked): string =>
    answer(asked, ['Content-Type: application/sdp'], ['v=0', ...one.description, ''].join('\r\n'));
  const camera = new ScriptedCamera((asked, itself) => {
    const isChallenged = one.challenge !== undefined && !asked.head.includes('Authorization:');
    const said =
      asked.index === one.refusal?.index
        ? answer(asked, [`WWW-Authenticate: ${CHALLENGES[0]}`, 'Location: rtsp://other/live'], '', one.refusal.status)
        : isChallenged
          ? answer(asked, [`WWW-Authenticate: ${one.challenge}`], '', '401 Unauthorized')
          : asked.method === 'DESCRIBE'
            ? describe(asked)
            : obedient(asked, itself);
    if (typeof said !== 'string') return said;
    const bytes = Buffer.from(said.replaceAll('\r\n', one.lineEnd), 'latin1');
    say(itself, goneWrong(bytes, one.answers[asked.index % 8]), one.chunk);
    return undefined;
  });
  const clock = new SimulatedClock();
  const source = cameraSource({
    url: cameraUrl('rtsp://u:p@cam/live'),
    transport: 'tcp',
    clock,
    log,
    dial: camera.dial,
  });
  let frames = 0;
  const over = new AbortController();
  const sink = { config: () => {}, frame: () => (frames += 1), jump: () => {} };
  const ended = source(sink, new AbortController().signal).finally(() => over.abort());
  for (let index = 0; index < TURNS && !over.signal.aborted; index += 1) {
    const bytes = Buffer.concat(PICTURES.slice(index * 4, index * 4 + 4));
    // Not before it is asked for.
    if (camera.methods.includes('PLAY')) say(camera, goneWrong(bytes, one.media[index]), one.chunk);
    await clock.advance(TURN_MS);
  }
  while (!over.signal.aborted && clock.monotonic() < LIMIT_MS) {
    await clock.advance(TURN_MS);
    await turn();
  }
  assert(over.signal.aborted, `it goes on after ${clock.monotonic() / 1000} s`);
  return { failure: await ended, frames, took: clock.monotonic() };
}

/** What is not garbage: how much of that there is too is the runtime's affair. */
function bytesHeld(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

test(`${numRuns} dialogues gone wrong, by seed ${seed}`, { timeout: 600_000 }, async () => {
  const outcomes = new Map<string, number>();
  let frames = 0;
  const before = bytesHeld();
  await fc.assert(
    fc.asyncProperty(dialogue, async (one) => {
      const outcome = await hold(one);
      frames += outcome.frames;
      // For people, in a line: no part of what the camera said, but for names of codecs and schemes.
      assert.match(outcome.failure?.message ?? '', /^[ -~–]{10,200}$/);
      assert.doesNotMatch(outcome.failure?.message ?? '', /report it/);
      const kind = outcome.failure?.kind ?? 'none';
      outcomes.set(kind, (outcomes.get(kind) ?? 0) + 1);
    }),
    { seed, numRuns },
  );
  console.log(Object.fromEntries(outcomes), `${frames} frames`);
  expect(errors).toEqual([]);
  // It is no use if all of them end the same way, or none is seen.
  for (const kind of ['silent', 'unusable', 'unreachable', 'credentials', 'absent', 'busy', 'other']) {
    expect(outcomes.get(kind) ?? 0, kind).toBeGreaterThan(numRuns / 1000);
  }
  expect(frames).toBeGreaterThan(numRuns);
  expect(bytesHeld() - before, 'bytes that are held more than before').toBeLessThan(50e6);
});
