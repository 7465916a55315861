import { playerUrl, type WallAddress } from './address.ts';
import { find, mark, show, write } from './elements.ts';
import * as written from './figures.ts';
import { LiveVideo } from './live-video.ts';
import type { Statistics } from './statistics.ts';
import type { StreamEntry } from './streams.ts';
import { STATE_WORDS, STREAM_WORDS } from './words.ts';

/** One stream on the wall: plays while it is seen and has a turn, and links to its page. */
export class Tile {
  readonly element: HTMLElement;
  readonly #live: LiveVideo;
  readonly #link: HTMLAnchorElement;
  readonly #title: HTMLElement;
  readonly #words: HTMLElement;
  readonly #overlay: HTMLElement;
  readonly #spinner: HTMLElement;
  readonly #message: HTMLElement;
  readonly #detail: HTMLElement;
  #entry: StreamEntry;
  #onScreen = false;
  #plays = false;

  constructor(template: HTMLTemplateElement, entry: StreamEntry, wall: WallAddress) {
    const fragment = document.importNode(template.content, true);
    this.element = find(fragment, '.tile', HTMLElement);
    this.#link = find(fragment, 'a', HTMLAnchorElement);
    this.#title = find(fragment, '.tile-title', HTMLElement);
    this.#words = find(fragment, '.tile-words', HTMLElement);
    this.#overlay = find(fragment, '.overlay', HTMLElement);
    this.#spinner = find(fragment, '.spinner', HTMLElement);
    this.#message = find(fragment, '.overlay-title', HTMLElement);
    this.#detail = find(fragment, '.overlay-text', HTMLElement);
    this.#link.href = playerUrl(wall, entry.stream);
    this.#entry = entry;
    this.#live = new LiveVideo({
      video: find(fragment, 'video', HTMLVideoElement),
      still: find(fragment, 'canvas', HTMLCanvasElement),
      address: { ...wall, part: entry.stream, stream: entry.stream, targetMs: undefined },
      size: 'tile',
      suspendAfterMs: Infinity,
    });
    this.hear(entry);
  }

  get stream(): string {
    return this.#entry.stream;
  }

  /** Whether it would play if it might. One that is offline would not start, but one that plays goes on. */
  get wantsToPlay(): boolean {
    return this.#onScreen && (this.#plays || this.#entry.state !== 'offline');
  }

  get statistics(): Statistics {
    return this.#live.statistics;
  }

  /** What the list says of it now. */
  hear(entry: StreamEntry): void {
    const before = this.#entry.state;
    this.#entry = entry;
    this.#live.entry = entry;
    write(this.#title, entry.title);
    if (before !== entry.state && (entry.state === 'live' || entry.state === 'pushed')) this.#live.hope();
  }

  setOnScreen(onScreen: boolean): void {
    this.#onScreen = onScreen;
  }

  /** Whether the page is looked at. */
  setSeen(seen: boolean): void {
    this.#live.setSeen(seen);
  }

  setPlays(plays: boolean): void {
    if (plays === this.#plays) return;
    this.#plays = plays;
    if (plays) this.#live.start();
    else this.#live.stop();
  }

  tick(): void {
    this.#live.tick();
    const { state } = this.#live;
    const { trouble } = this.#live;
    const { latencyMs } = this.#live.statistics;
    const rests = state === 'suspended';
    mark(this.element, 'state', state);
    write(
      this.#words,
      state === 'playing' && latencyMs !== null ? `${written.milliseconds(latencyMs)} ms` : this.#word(),
    );
    show(this.#overlay, state !== 'playing' && (!rests || this.#entry.state === 'offline'));
    show(this.#spinner, state === 'starting' || state === 'stalled' || state === 'reconnecting');
    write(this.#message, trouble?.title ?? (rests ? STREAM_WORDS[this.#entry.state] : ''));
    write(this.#detail, trouble?.text ?? '');
    const label = `${this.#entry.title}, ${this.#word()}`;
    if (this.#link.ariaLabel !== label) this.#link.ariaLabel = label;
  }

  dispose(): void {
    this.#live.dispose();
    this.element.remove();
  }

  #word(): string {
    const { state } = this.#live;
    if (state !== 'suspended') return STATE_WORDS[state];
    return this.wantsToPlay ? 'In turn' : STREAM_WORDS[this.#entry.state];
  }
}
