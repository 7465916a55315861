import { setTimeout as sleep } from 'node:timers/promises';
import { defaultReaderConfig, findIsoBox, readIsoBoxes } from '@svta/cml-iso-bmff';
import { Agent, request, type Dispatcher } from 'undici';
import { vi } from 'vitest';
import { splitBoxes, type Box } from '../../../protocol/boxes.ts';
import { TIMESCALE } from '../../../protocol/units.ts';

/** A segment as a viewer gets it: when each fragment was there, and what an independent reader finds in it. */
export interface Segment {
  readonly number: number;
  readonly bytes: Uint8Array;
  /** Top-level boxes in order. */
  readonly boxes: readonly string[];
  readonly fragments: readonly Fragment[];
}

/** Points in time are seconds since 1970. */
export interface Fragment {
  /** When its last byte was there. */
  readonly arrivedAt: number;
  /** When its first frame was captured, by `tfdt`. */
  readonly time: number;
  /** When it was captured by the `prft` before it; undefined without one. */
  readonly reference: number | undefined;
  readonly frames: readonly { readonly duration: number; readonly keyframe: boolean }[];
}

const NTP_EPOCH = 2_208_988_800;
/** Sample flags (14496-12, 8.8.3.1). */
const IS_NON_SYNC_SAMPLE = 0x0001_0000;

/** Somebody who asks for a stream's objects, over one pool of connections. */
export class Viewer implements AsyncDisposable {
  readonly base: URL;
  readonly #segmentDuration: number;
  readonly #dispatcher: Dispatcher;
  readonly #over = new AbortController();
  readonly #following: Promise<void>[] = [];

  /** @param options.certificate the only one trusted */
  constructor(origin: URL | string, stream: string, options: { segmentDuration?: number; certificate?: string } = {}) {
    this.base = new URL(`/${stream}/`, origin);
    this.#segmentDuration = options.segmentDuration ?? 1;
    const { certificate } = options;
    const trust = { ca: certificate, checkServerIdentity: () => undefined };
    this.#dispatcher = new Agent(certificate === undefined ? {} : { connect: trust });
  }

  /** Number of the segment that is being captured now. */
  get current(): number {
    return Math.floor(Date.now() / 1000 / this.#segmentDuration);
  }

  async text(path: string): Promise<{ status: number; text: string }> {
    const { statusCode, body } = await request(new URL(path, this.base), { dispatcher: this.#dispatcher });
    return { status: statusCode, text: await body.text() };
  }

  /** The manifest, which must be there. */
  async manifest(): Promise<string> {
    const { status, text } = await this.text('manifest.mpd');
    if (status !== 200) throw new Error(`expected a manifest, got ${status}: ${text}`);
    return text;
  }

  async init(representation = 0): Promise<Uint8Array> {
    const url = new URL(`init-stream${representation}.m4s`, this.base);
    const { statusCode, body } = await request(url, { dispatcher: this.#dispatcher });
    const bytes = await body.bytes();
    if (statusCode !== 200) throw new Error(`expected an init segment, got ${statusCode}`);
    return bytes;
  }

  /** Reads a segment piece by piece, to its end. Throws when it is not there, or breaks off. */
  async segment(number: number, representation = 0): Promise<Segment> {
    const body = await this.#media(number, representation);
    const reading = new Reading();
    for await (const piece of body) reading.push(piece as Uint8Array, Date.now() / 1000);
    return { number, ...reading.end() };
  }

  /** Reads a segment to its end and looks at nothing. Throws as `segment` does. */
  async drain(number: number): Promise<void> {
    await (await this.#media(number, 0)).dump({ limit: Infinity });
  }

  /**
   * Reads segment after segment by the clock, as players do, until it is disposed of; anew one that is yet to come, or
   * broke off meanwhile.
   */
  follow(read: (number: number) => Promise<void>, missed: (number: number, error: unknown) => void = () => {}): void {
    this.#following.push(this.#follow(read, missed));
  }

  /** How the edge says the stream is; undefined when it does not know it. */
  async state(): Promise<string | undefined> {
    const { streams } = JSON.parse((await this.text('/api/streams')).text) as {
      streams: { stream: string; state: string }[];
    };
    return streams.find(({ stream }) => this.base.pathname === `/${stream}/`)?.state;
  }

  /** Waits until the edge says that the stream is so. */
  async whenState(state: string, timeout = 10_000): Promise<void> {
    await vi.waitFor(
      async () => {
        const now = await this.state();
        if (now !== state) throw new Error(`expected the stream to be ${state}, got ${now}`);
      },
      { timeout, interval: 100 },
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#dispatcher.destroy();
    await Promise.all(this.#following);
  }

  async #media(number: number, representation: number): Promise<Dispatcher.ResponseData['body']> {
    const url = new URL(`chunk-stream${representation}-${number}.m4s`, this.base);
    const { statusCode, body } = await request(url, { dispatcher: this.#dispatcher });
    if (statusCode !== 200) throw new Error(`expected segment ${number}, got ${statusCode}: ${await body.text()}`);
    return body;
  }

  async #follow(
    read: (number: number) => Promise<void>,
    missed: (number: number, error: unknown) => void,
  ): Promise<void> {
    const { signal } = this.#over;
    for (let number = this.current; !signal.aborted; number = Math.max(number + 1, this.current)) {
      try {
        await read(number);
      } catch (error) {
        missed(number, error);
        await sleep(100, undefined, { signal }).catch(() => {});
        if (number >= this.current) number -= 1;
      }
    }
  }
}

class Reading {
  #bytes: Uint8Array = new Uint8Array();
  #told = 0;
  #reference: number | undefined;
  #moof: Uint8Array | undefined;
  readonly #boxes: string[] = [];
  readonly #fragments: Fragment[] = [];

  push(piece: Uint8Array, now: number): void {
    this.#bytes = Buffer.concat([this.#bytes, piece]);
    const { boxes, length } = splitBoxes(this.#bytes.subarray(this.#told));
    for (const box of boxes) this.#take(box, this.#told, now);
    this.#told += length;
  }

  end(): Pick<Segment, 'bytes' | 'boxes' | 'fragments'> {
    const rest = this.#bytes.length - this.#told;
    if (rest > 0) throw new Error(`the segment ends ${rest} bytes into a box`);
    return { bytes: this.#bytes, boxes: this.#boxes, fragments: this.#fragments };
  }

  #take({ type, offset, size }: Box, base: number, now: number): void {
    const bytes = this.#bytes.slice(base + offset, base + offset + size);
    this.#boxes.push(type);
    if (type === 'prft') this.#reference = referenceTime(bytes);
    if (type === 'moof') this.#moof = bytes;
    if (type !== 'mdat' || this.#moof === undefined) return;
    this.#fragments.push({ arrivedAt: now, reference: this.#reference, ...movieFragment(this.#moof) });
    this.#reference = undefined;
    this.#moof = undefined;
  }
}

/** The first box of a type, at any depth, as the independent reader reads it. */
function boxOf(bytes: Uint8Array, type: string): Record<string, unknown> {
  const box = findIsoBox(readIsoBoxes(bytes, defaultReaderConfig()), (one) => one.type === type);
  if (box === null) throw new Error(`expected a box "${type}"`);
  return box;
}

function referenceTime(bytes: Uint8Array): number {
  const { ntpTimestampSec, ntpTimestampFrac } = boxOf(bytes, 'prft');
  return Number(ntpTimestampSec) - NTP_EPOCH + Number(ntpTimestampFrac) / 2 ** 32;
}

function movieFragment(bytes: Uint8Array): Pick<Fragment, 'time' | 'frames'> {
  const { samples } = boxOf(bytes, 'trun') as { samples: { sampleDuration: number; sampleFlags: number }[] };
  return {
    time: Number(boxOf(bytes, 'tfdt')['baseMediaDecodeTime']) / TIMESCALE,
    frames: samples.map(({ sampleDuration, sampleFlags }) => ({
      duration: sampleDuration / TIMESCALE,
      keyframe: (sampleFlags & IS_NON_SYNC_SAMPLE) === 0,
    })),
  };
}
