import type { Logger } from 'pino';
import type { StreamConfig } from '../config/schema.ts';
import type { Failure } from '../media/failure.ts';
import { NAMES, SOFTWARE, type Encoder } from './encoder.ts';
import type { Encoders } from './encoders.ts';

/**
 * What encodes one stream, while the agent runs.
 *
 *     software, or unknown ──ready──▶ chosen ──it fails in use──▶ software, for good
 */
export class StreamEncoder {
  readonly #stream: StreamConfig;
  readonly #encoders: Pick<Encoders, 'choose'>;
  readonly #log: Pick<Logger, 'info' | 'warn'>;
  #current: Encoder = SOFTWARE;
  #hasFailed = false;
  /** What was said last, so that it is said once. */
  #said: string | undefined;

  constructor(options: {
    readonly stream: StreamConfig;
    readonly encoders: Pick<Encoders, 'choose'>;
    readonly log: Pick<Logger, 'info' | 'warn'>;
  }) {
    this.#stream = options.stream;
    this.#encoders = options.encoders;
    this.#log = options.log;
  }

  get current(): Encoder {
    return this.#current;
  }

  /** Before a run: takes a moment where an encoder has not been tried yet. Never rejects. */
  async ready(): Promise<void> {
    if (this.#hasFailed || this.#stream.encoder === 'software') return;
    const { encoder, found, instead } = await this.#encoders.choose(this.#stream);
    this.#current = encoder;
    const how = encoder.kind === 'software' ? 'in software' : `by ${nameOf(encoder)}`;
    const why = found.length === 0 ? '' : ` (${found.join('; ')})`;
    this.#say(instead ? 'warn' : 'info', `encodes ${how}${why}`);
  }

  /** What was made by it has come to nothing. @param failure of FFmpeg's */
  failed({ kind, message }: Failure): void {
    if (this.#current.kind === 'software' || kind === 'clock') return;
    const name = nameOf(this.#current);
    this.#hasFailed = true;
    this.#current = SOFTWARE;
    this.#say('warn', `${name} has failed, and software encodes from now on: ${message}`);
  }

  #say(level: 'info' | 'warn', text: string): void {
    if (text === this.#said) return;
    this.#said = text;
    this.#log[level](`${this.#stream.stream}: ${text}`);
  }
}

const nameOf = (encoder: Exclude<Encoder, { kind: 'software' }>): string =>
  encoder.device === undefined ? NAMES[encoder.kind] : `${NAMES[encoder.kind]} (${encoder.device})`;
