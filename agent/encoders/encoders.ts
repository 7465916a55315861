import { stat } from 'node:fs/promises';
import type { StreamConfig } from '../config/schema.ts';
import { deviceFor, HARDWARE, NAMES, SOFTWARE, type Encoder, type Hardware } from './encoder.ts';
import { tryEncoder, type Trial, type TrialOptions } from './trial.ts';

/** Which encoder a stream gets, as its definition has it. */
export type Wish = Pick<StreamConfig, 'encoder' | 'device' | 'serverSideRepresentationSwitching'>;

export interface Choice {
  readonly encoder: Encoder;
  /** What was found out of each that was tried, for people. */
  readonly found: readonly string[];
  /** Whether it is another one than the definition names. */
  readonly instead: boolean;
}

/**
 * The encoders there are, each tried once for a device and an FFmpeg: another file in its place is another FFmpeg.
 */
export class Encoders {
  readonly #options: TrialOptions;
  readonly #trials = new Map<string, Promise<Trial>>();

  constructor(options: TrialOptions) {
    this.#options = options;
  }

  /** Never rejects. */
  async choose({ encoder: name, device, serverSideRepresentationSwitching }: Wish): Promise<Choice> {
    // Its qualities need parameter sets that are alike, which only x264 is known to make.
    if (name === 'software' || (name === 'auto' && serverSideRepresentationSwitching)) return USUAL;
    const found: string[] = [];
    for (const kind of name === 'auto' ? HARDWARE : [name]) {
      const { encoder, verdict } = await this.trial(kind, device);
      const isFit = verdict.kind === 'fits' || (verdict.kind === 'late' && name !== 'auto');
      found.push(`${NAMES[kind]}: ${textOf(verdict)}`);
      if (isFit && encoder !== undefined) return { encoder, found, instead: false };
    }
    return { encoder: SOFTWARE, found, instead: name !== 'auto' };
  }

  /** @param named a device, as the configuration has it. Never rejects */
  async trial(kind: Hardware, named: string | undefined): Promise<Trial> {
    const { ffmpeg } = this.#options;
    const device = deviceFor(kind, named);
    const key = [kind, device, ffmpeg.path, await fileAt(ffmpeg.path)].join(' ');
    const known = this.#trials.get(key);
    if (known !== undefined) return known;
    const trial = tryEncoder(kind, device, this.#options);
    this.#trials.set(key, trial);
    return trial;
  }
}

const USUAL: Choice = { encoder: SOFTWARE, found: [], instead: false };

/** What is known of a trial, for people. */
export function textOf(verdict: Trial['verdict']): string {
  switch (verdict.kind) {
    case 'fits':
      return 'a frame out for each in, at once';
    case 'late':
      return `it holds back ${verdict.frames === 1 ? 'a frame' : `${verdict.frames} frames`}, so that pictures are later by as much`;
    case 'unfit':
      return verdict.reason;
  }
}

/** Changes when somebody installs another one. */
const fileAt = (path: string): Promise<string> =>
  stat(path).then(
    ({ size, mtimeMs }) => `${size} ${mtimeMs}`,
    () => 'not there',
  );
