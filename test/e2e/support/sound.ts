/** An agent beside another one's, that gives its stream sound: AAC of 48 kHz, in fragments of three frames. */
import { once } from 'node:events';
import { Agent, request as httpRequest, type ClientRequest } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { request } from 'undici';
import { fragment, segmentHeader } from '../../../agent/cmaf/fragment.ts';
import { splitBoxes } from '../../../protocol/boxes.ts';
import type { Representation } from '../../../protocol/description.ts';
import { WRITER_HEADER } from '../../../protocol/headers.ts';
import { isStreamName } from '../../../protocol/names.ts';
import { agentPath } from '../../../protocol/paths.ts';
import { ticks } from '../../../protocol/units.ts';
import { publishToken } from './edge-process.ts';
import { onPath } from './programs.ts';

const RATE = 48_000;
const FRAME = 1024;
const FRAMES = 3;
const FREE = Buffer.from([0, 0, 0, 8, ...Buffer.from('free')]);

export interface SoundOptions {
  readonly origin: string;
  readonly stream: string;
  readonly segmentDuration: number;
  readonly fragmentDuration: number;
  /** As its agent has it. */
  readonly serverSideRepresentationSwitching?: boolean;
}

export class Sound implements AsyncDisposable {
  /** Where not, it sends segments without media, as an agent does whose camera's sound has stopped. */
  sounds = true;
  readonly #over = new AbortController();
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 4 });
  readonly #options: SoundOptions;
  readonly #token: string;
  readonly #id: string;
  readonly #frames: readonly Uint8Array[];
  #running: Promise<void> = Promise.resolve();

  private constructor(options: SoundOptions, token: string, id: string, frames: readonly Uint8Array[]) {
    [this.#options, this.#token, this.#id, this.#frames] = [options, token, id, frames];
  }

  /** The edge has to take the secret of the tests for its own. */
  static async add(options: SoundOptions): Promise<Sound> {
    const { origin, stream, segmentDuration, fragmentDuration, serverSideRepresentationSwitching = false } = options;
    if (!isStreamName(stream)) throw new Error(`expected the name of a stream, got ${stream}`);
    const token = await publishToken();
    const entry = (await (await fetch(`${origin}/api/streams/${stream}`)).json()) as {
      readonly title: string;
      readonly targetLatency: number;
      readonly representations: readonly Representation[];
    };
    const id = String(entry.representations.length);
    const sound = new Sound(options, token, id, framesOf(await encoded('adts')));
    await sound.#put(`init-stream${id}.m4s`, initOf(await encoded('mp4')));
    sound.#running = sound.#run();
    const socket = new WebSocket(`${origin.replace(/^http/, 'ws')}${agentPath(stream)}?token=${token}`);
    await once(socket, 'open');
    const representation = {
      ...{ id, codecs: 'mp4a.40.2', bandwidth: 64_000 },
      ...{ sampleRate: RATE, channels: 1, frameDuration: FRAME / RATE },
    };
    const description = {
      ...{ title: entry.title, segmentDuration, fragmentDuration, targetLatency: entry.targetLatency, timeShift: 30 },
      ...{ serverSideRepresentationSwitching, public: false },
      tracks: [
        { kind: 'video', representations: entry.representations },
        { kind: 'audio', language: 'en', representations: [representation] },
      ],
    };
    socket.send(JSON.stringify({ type: 'announce', description }));
    socket.send(JSON.stringify({ type: 'state', state: 'live' }));
    sound.#over.signal.addEventListener('abort', () => socket.close());
    return sound;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#running;
    this.#agent.destroy();
  }

  async #put(name: string, body: Uint8Array): Promise<void> {
    const { statusCode } = await request(new URL(`/${this.#options.stream}/${name}`, this.#options.origin), {
      method: 'PUT',
      headers: { authorization: `Bearer ${this.#token}` },
      body,
    });
    if (statusCode !== 201) throw new Error(`expected 201, got ${statusCode}`);
  }

  #open(number: number): ClientRequest {
    const path = `/${this.#options.stream}/chunk-stream${this.#id}-${number}.m4s`;
    const put = httpRequest(new URL(path, this.#options.origin), {
      ...{ method: 'PUT', agent: this.#agent },
      headers: { authorization: `Bearer ${this.#token}`, [WRITER_HEADER]: 'sound', 'transfer-encoding': 'chunked' },
    });
    // Of an edge that has ended.
    put.on('error', () => {});
    put.on('response', (response) => response.resume());
    put.write(segmentHeader());
    return put;
  }

  /** Segment n has the frames that begin in it. */
  async #run(): Promise<void> {
    const { segmentDuration } = this.#options;
    const numberOf = (frame: number): number => Math.floor((frame * FRAME) / RATE / segmentDuration);
    let next = Math.ceil((Date.now() / 1000) * (RATE / FRAME));
    let number = numberOf(next);
    let put = this.#open(number);
    for (let sequenceNumber = 0; !this.#over.signal.aborted; sequenceNumber += 1) {
      const indexes = Array.from({ length: FRAMES }, (_, index) => next + index).filter(
        (index) => numberOf(index) === number,
      );
      next += indexes.length;
      await sleep(Math.max(0, (1000 * next * FRAME) / RATE - Date.now()));
      const frames = indexes.map((index) => {
        const data = this.#frames[index % this.#frames.length]!;
        return {
          ...{ time: ticks(index * FRAME), duration: ticks(FRAME), compositionOffset: ticks(0), keyframe: true },
          ...{ data: [data], size: data.byteLength },
        };
      });
      if (this.sounds) put.write(fragment({ sequenceNumber, frames }));
      if (numberOf(next) === number) continue;
      put.end(FREE);
      number = numberOf(next);
      put = this.#open(number);
    }
    put.destroy();
  }
}

async function encoded(format: 'adts' | 'mp4'): Promise<Uint8Array> {
  const input = ['-f', 'lavfi', '-i', `sine=frequency=440:sample_rate=${RATE}`, '-t', '4'];
  const codec = ['-c:a', 'aac', '-b:a', '64k', '-ac', '1'];
  const output = format === 'mp4' ? ['-f', 'mp4', '-movflags', '+empty_moov+default_base_moof'] : ['-f', 'adts'];
  const args = ['-v', 'error', ...input, ...codec, ...output, 'pipe:1'];
  const { stdout } = await execa(onPath('ffmpeg') ?? 'ffmpeg', args, { encoding: 'buffer' });
  return stdout;
}

/** What is in ADTS frames (14496-3, 1.A.3.2) without a checksum. */
function framesOf(adts: Uint8Array): readonly Uint8Array[] {
  const frames: Uint8Array[] = [];
  for (let at = 0; at + 7 <= adts.length;) {
    const length = ((adts[at + 3]! & 3) << 11) | (adts[at + 4]! << 3) | (adts[at + 5]! >> 5);
    frames.push(adts.subarray(at + 7, at + length));
    at += length;
  }
  return frames;
}

function initOf(mp4: Uint8Array): Uint8Array {
  const { boxes } = splitBoxes(mp4);
  const wanted = boxes.filter(({ type }) => type === 'ftyp' || type === 'moov');
  return Buffer.concat(wanted.map(({ offset, size }) => mp4.subarray(offset, offset + size)));
}
