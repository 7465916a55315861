import { find, show, write } from './elements.ts';
import * as written from './figures.ts';
import type { Statistics } from './statistics.ts';
import { STATE_WORDS, TARGET_WORDS } from './words.ts';

/** The figures of the player page, beside the picture and on it. */
export class FiguresPanel {
  readonly #pillState = find(document, '#pill-state', HTMLElement);
  readonly #pillLatency = find(document, '#pill-latency', HTMLElement);
  readonly #latency = find(document, '#latency', HTMLElement);
  readonly #target = find(document, '#target', HTMLElement);
  readonly #arrival = find(document, '#arrival', HTMLElement);
  readonly #picture = find(document, '#picture', HTMLElement);
  readonly #soundRow = find(document, '#sound-row', HTMLElement);
  readonly #sound = find(document, '#sound', HTMLElement);
  readonly #bitrate = find(document, '#bitrate', HTMLElement);
  readonly #measured = find(document, '#measured', HTMLElement);
  readonly #buffer = find(document, '#buffer', HTMLElement);
  readonly #rate = find(document, '#rate', HTMLElement);
  readonly #stalls = find(document, '#stalls', HTMLElement);
  readonly #dropped = find(document, '#dropped', HTMLElement);
  readonly #reattached = find(document, '#reattached', HTMLElement);

  update(now: Statistics): void {
    const playing = now.state === 'playing';
    write(this.#pillState, STATE_WORDS[now.state]);
    show(this.#pillLatency, playing && now.latencyMs !== null);
    write(this.#pillLatency, `${written.milliseconds(now.latencyMs)} ms`);
    write(this.#latency, written.milliseconds(now.latencyMs));
    write(this.#target, targetOf(now));
    write(this.#arrival, written.millisecondsOf(now.neededMs));
    write(this.#picture, written.picture(now.width, now.height, playing ? now.fps : null));
    show(this.#soundRow, now.soundCodec !== null || now.soundMissing);
    write(this.#sound, now.soundMissing ? 'does not come' : written.sound(now.soundCodec, now.soundKbps));
    write(this.#bitrate, written.kilobits(now.bitrateKbps));
    write(this.#measured, written.kilobits(now.measuredKbps));
    write(this.#buffer, written.seconds(now.bufferS));
    write(this.#rate, written.rate(now.latencyMs === null ? null : now.rate));
    write(this.#stalls, written.stalls(now.stalls, now.stalledMs));
    write(this.#dropped, written.count(now.dropped));
    write(this.#reattached, written.times(now.reattached));
  }
}

function targetOf({ targetMs, targetWhy }: Statistics): string {
  if (targetMs === null) return '';
  const target = `Target ${written.millisecondsOf(targetMs)}`;
  return targetWhy === null ? target : `${target}, ${TARGET_WORDS[targetWhy]}`;
}
