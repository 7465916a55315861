import { find, show, write } from './elements.ts';
import type { LiveState } from './statistics.ts';
import type { Trouble } from './trouble.ts';

/** What is said over the picture of the player page: nothing while it plays. */
export class Overlay {
  readonly #root = find(document, '#overlay', HTMLElement);
  readonly #spinner = find(document, '#spinner', HTMLElement);
  readonly #title = find(document, '#overlay-title', HTMLElement);
  readonly #text = find(document, '#overlay-text', HTMLElement);
  readonly #unblock = find(document, '#unblock', HTMLButtonElement);
  readonly #form = find(document, '#token-form', HTMLFormElement);

  update(state: LiveState, trouble: Trouble | undefined): void {
    show(this.#root, state !== 'playing' && state !== 'paused');
    show(this.#spinner, state === 'starting' || state === 'stalled' || state === 'reconnecting');
    write(this.#title, trouble?.title ?? '');
    write(this.#text, trouble?.text ?? '');
    show(this.#unblock, state === 'blocked');
    show(this.#form, state === 'denied');
  }
}
