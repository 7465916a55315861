import type { Logger } from 'pino';
import type { StreamName } from '../../protocol/names.ts';
import type { Clock } from '../clock.ts';
import { messageOf } from '../errors.ts';
import { delayAfter, SOON } from './backoff.ts';
import type { Camera } from './camera.ts';
import type { CameraStatus } from './status.ts';

export interface KeptCameraOptions {
  readonly stream: StreamName;
  /** Makes it, anew each time. `signal` ends it, and all that it has started. */
  readonly make: (signal: AbortSignal) => Pick<Camera, 'run' | 'status'>;
  readonly clock: Clock;
  readonly log: Logger;
  readonly signal: AbortSignal;
}

/**
 * A camera that is there for as long as the agent runs. What can go wrong with a camera is the camera's own affair; an
 * error that it does not know is a mistake in Fast-ll, and still no other camera's affair: this one is made anew.
 */
export class KeptCamera {
  readonly #options: KeptCameraOptions;
  #camera: Pick<Camera, 'run' | 'status'> | undefined;
  /** Why it is not there. */
  #trouble: string | undefined;
  #failures = 0;

  constructor(options: KeptCameraOptions) {
    this.#options = options;
  }

  /** Until the signal is aborted. Never rejects. */
  async run(): Promise<void> {
    const { stream, clock, log, signal } = this.#options;
    while (!signal.aborted) {
      const over = new AbortController();
      try {
        this.#camera = this.#options.make(AbortSignal.any([signal, over.signal]));
        await this.#camera.run();
        return;
      } catch (error) {
        over.abort();
        this.#failures += 1;
        this.#trouble = `ended by an error that should not happen: ${messageOf(error)}`;
        const delay = delayAfter(SOON, this.#failures);
        log.error({ err: error }, `${stream}: ${this.#trouble}; starting it anew in ${delay / 1000} s`);
        await clock.sleep(delay, signal);
        this.#trouble = undefined;
      }
    }
  }

  /** What can be said of it; of one that could not even be made, no more than that. */
  status(): CameraStatus {
    const status = this.#camera?.status() ?? nothingOf(this.#options.stream);
    const restarts = status.restarts + this.#failures;
    return this.#trouble === undefined
      ? { ...status, restarts }
      : { ...status, state: 'waiting', detail: this.#trouble, restarts };
  }
}

const nothingOf = (stream: StreamName): CameraStatus => ({
  stream,
  state: 'idle',
  detail: undefined,
  framesPerSecond: 0,
  kbps: 0,
  newestFrameAge: undefined,
  putRoundTrip: undefined,
  viewers: 0,
  restarts: 0,
  dropped: 0,
});
