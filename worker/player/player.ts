import { manifestUrl, readAddress, wallUrl } from './address.ts';
import { copy } from './clipboard.ts';
import { find, mark, show, write } from './elements.ts';
import { FiguresPanel } from './figures-panel.ts';
import { toggleFullscreen } from './fullscreen.ts';
import { commandOf, type Command } from './keyboard.ts';
import { LiveVideo } from './live-video.ts';
import { Loudness, volumeCanBeSet } from './loudness.ts';
import type { Statistics } from './statistics.ts';
import { Overlay } from './overlay.ts';
import { wireTokenForm } from './token-form.ts';
import { STATE_WORDS } from './words.ts';

/** The player page: one stream, its controls and its figures. */

declare global {
  interface Window {
    /** The page's own statistics, for tests and the curious: a new frozen object five times a second. */
    readonly fastll: Statistics;
  }
}

const TICK_MS = 200;
/** Figures that changed five times a second could not be read. */
const TICKS_PER_FIGURES = 2;
const SUSPEND_AFTER_MS = 30_000;
const COPIED_FOR_MS = 2000;

const address = readAddress(new URL(location.href));
const stage = find(document, '#stage', HTMLElement);
const video = find(document, '#video', HTMLVideoElement);
const title = find(document, '#title', HTMLElement);
const announcer = find(document, '#announcer', HTMLElement);
const help = find(document, '#help', HTMLDialogElement);
const pauseButton = find(document, '#pause', HTMLButtonElement);
const muteButton = find(document, '#mute', HTMLButtonElement);
const volumeSlider = find(document, '#volume', HTMLInputElement);
const unmuteButton = find(document, '#unmute', HTMLButtonElement);
const fullscreenButton = find(document, '#fullscreen', HTMLButtonElement);
const loudness = new Loudness(video);
const hasVolume = volumeCanBeSet();
const overlay = new Overlay();
const figures = new FiguresPanel();
const live = new LiveVideo({
  video,
  still: find(document, '#still', HTMLCanvasElement),
  address,
  size: 'page',
  suspendAfterMs: SUSPEND_AFTER_MS,
});

const commands: Record<Command, () => void> = {
  pause: () => live.togglePause(),
  live: () => live.jumpToLive(),
  mute: () => {
    if (live.hasSound === true) loudness.toggle();
  },
  louder: () => loudness.louder(),
  softer: () => loudness.softer(),
  fullscreen: () => void toggleFullscreen(stage, video),
  help: () => help.showModal(),
};

let statistics = Object.freeze(live.statistics);
let ticks = 0;

function tick(): void {
  live.tick();
  statistics = Object.freeze(live.statistics);
  refresh();
  if (ticks++ % TICKS_PER_FIGURES === 0) figures.update(statistics);
}

/** All of the page that follows the state. */
function refresh(): void {
  const { state } = live;
  const { trouble } = live;
  mark(stage, 'state', state);
  overlay.update(state, trouble);
  const name = live.entry?.title ?? address.stream;
  write(title, name);
  if (document.title !== `${name} – Fast-ll`) document.title = `${name} – Fast-ll`;
  write(announcer, trouble === undefined ? STATE_WORDS[state] : `${trouble.title}. ${trouble.text}`);
  toggle(pauseButton, state === 'paused' || state === 'blocked', 'Play', 'Pause', 'space');
  toggle(fullscreenButton, document.fullscreenElement !== null, 'Leave full screen', 'Full screen', 'f');
  refreshSound();
}

/** There are no controls of what there is not. */
function refreshSound(): void {
  const hasSound = live.hasSound === true;
  show(muteButton, hasSound);
  show(volumeSlider, hasSound && hasVolume);
  show(unmuteButton, hasSound && loudness.isOffered && live.state === 'playing' && !statistics.soundMissing);
  toggle(muteButton, loudness.muted, 'Unmute', 'Mute', 'm');
  const percent = String(Math.round(100 * loudness.volume));
  if (volumeSlider.value !== percent) volumeSlider.value = percent;
  volumeSlider.style.setProperty('--volume', `${percent}%`);
}

function toggle(button: HTMLButtonElement, on: boolean, whenOn: string, whenOff: string, key: string): void {
  mark(button, 'on', String(on));
  label(button, on ? whenOn : whenOff, key);
}

function label(button: HTMLButtonElement, text: string, key: string | undefined): void {
  if (button.ariaLabel === text) return;
  button.ariaLabel = text;
  button.title = key === undefined ? text : `${text} (${key})`;
}

const isOfSound = (command: Command): boolean => command === 'louder' || command === 'softer';

function run(command: Command): void {
  commands[command]();
  refresh();
}

function wire(): void {
  const buttons: Record<string, Command> = {
    '#pause': 'pause',
    '#unblock': 'pause',
    '#mute': 'mute',
    '#unmute': 'mute',
    '#live': 'live',
    '#fullscreen': 'fullscreen',
    '#help-open': 'help',
  };
  for (const [selector, command] of Object.entries(buttons)) {
    find(document, selector, HTMLButtonElement).addEventListener('click', () => run(command));
  }
  volumeSlider.addEventListener('input', () => {
    loudness.set(Number(volumeSlider.value) / 100);
    refresh();
  });
  video.addEventListener('dblclick', () => run('fullscreen'));
  document.addEventListener('keydown', (event) => {
    const command = commandOf(event);
    if (command === undefined || (isOfSound(command) && live.hasSound !== true)) return;
    event.preventDefault();
    run(command);
  });
  help.addEventListener('keydown', (event) => {
    if (event.key === '?') help.close();
  });
  document.addEventListener('fullscreenchange', refresh);
  document.addEventListener('visibilitychange', () => live.setSeen(document.visibilityState === 'visible'));
  navigator.mediaSession?.setActionHandler('play', () => live.resume());
  navigator.mediaSession?.setActionHandler('pause', () => live.pause());
  wireTokenForm(find(document, '#token-form', HTMLFormElement));
  wireLinks();
}

function wireLinks(): void {
  find(document, '#back', HTMLAnchorElement).href = wallUrl(address);
  const manifest = find(document, '#manifest', HTMLAnchorElement);
  manifest.href = manifestUrl(address);
  const button = find(document, '#copy', HTMLButtonElement);
  const idle = button.textContent;
  const copyLink = async (): Promise<void> => {
    const copied = await copy(manifest.href);
    button.textContent = copied ? 'Copied' : 'Copying failed';
    setTimeout(() => write(button, idle), COPIED_FOR_MS);
  };
  button.addEventListener('click', () => void copyLink());
}

Object.defineProperty(window, 'fastll', { get: () => statistics, enumerable: true });
wire();
live.setSeen(document.visibilityState === 'visible');
live.start();
refresh();
setInterval(tick, TICK_MS);
