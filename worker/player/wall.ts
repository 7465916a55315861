import { readWallAddress } from './address.ts';
import { find, show, write } from './elements.ts';
import type { Statistics } from './statistics.ts';
import { fetchStreams, type StreamEntry } from './streams.ts';
import { Tile } from './tile.ts';
import { wireTokenForm } from './token-form.ts';
import { nextTurns, places, type Turn } from './turns.ts';

/** The wall: all live streams as small players. */

declare global {
  interface Window {
    /** The wall's own statistics, for tests and the curious, by stream. */
    readonly fastllWall: Readonly<Record<string, Statistics>>;
  }
}

const TICK_MS = 500;
const LIST_MS = 4000;
/** A look at another tab does not stop the wall. */
const HIDDEN_GRACE_MS = 10_000;
const WHY_IN_TURN = 'Over HTTP/1.1 a browser keeps six connections to a server. Over HTTP/2, all play at once.';

const address = readWallAddress(new URL(location.href));
const list = find(document, '#tiles', HTMLElement);
const template = find(document, '#tile', HTMLTemplateElement);
const notice = find(document, '#notice', HTMLElement);
const tally = find(document, '#tally', HTMLElement);
const announcer = find(document, '#announcer', HTMLElement);
const blanks = {
  loading: find(document, '#loading', HTMLElement),
  empty: find(document, '#empty', HTMLElement),
  denied: find(document, '#denied', HTMLElement),
};

const tiles = new Map<string, Tile>();
const tileOf = new WeakMap<Element, Tile>();
let turns: Turn<Tile>[] = [];
let hiddenSince: number | undefined;

const onScreen = new IntersectionObserver((changes) => {
  for (const { target, isIntersecting } of changes) tileOf.get(target)?.setOnScreen(isIntersecting);
  deal();
});

function tick(): void {
  deal();
  for (const tile of tiles.values()) tile.tick();
}

/** Those that are seen play, as many at once as may. */
function deal(): void {
  const seen = hiddenSince === undefined || performance.now() - hiddenSince < HIDDEN_GRACE_MS;
  const wanted = seen ? [...tiles.values()].filter((tile) => tile.wantsToPlay) : [];
  turns = nextTurns(turns, wanted, places(), performance.now());
  const playing = new Set(turns.filter((turn) => turn.plays).map((turn) => turn.key));
  for (const tile of tiles.values()) if (!playing.has(tile)) tile.setPlays(false);
  for (const tile of playing) tile.setPlays(true);
  tell(wanted.length > playing.size ? playing.size : undefined);
}

/** How many streams there are, and how many play at a time where that is not all that could. */
function tell(atATime: number | undefined): void {
  const streams = tiles.size === 1 ? '1 stream' : `${tiles.size} streams`;
  const text = tiles.size === 0 ? '' : atATime === undefined ? streams : `${streams}, ${atATime} at a time`;
  write(tally, text);
  tally.title = atATime === undefined ? '' : WHY_IN_TURN;
}

async function refreshList(): Promise<void> {
  const answer = await fetchStreams(address);
  show(notice, answer.kind === 'failed' || answer.kind === 'unreachable' || answer.kind === 'missing');
  switch (answer.kind) {
    case 'ok':
      apply(answer.value);
      return showBlank(answer.value.length === 0 ? 'empty' : undefined);
    case 'denied':
      apply([]);
      return showBlank('denied');
    case 'missing':
    case 'failed':
      write(notice, 'The server cannot list its streams at the moment. Trying again.');
      return showBlank(undefined);
    case 'unreachable':
      write(notice, 'No connection to the server. Trying again until it is back.');
      return showBlank(undefined);
  }
}

function apply(entries: readonly StreamEntry[]): void {
  const names = new Set(entries.map((entry) => entry.stream));
  for (const [name, tile] of tiles) if (!names.has(name)) remove(name, tile);
  entries.forEach((entry, index) => {
    const tile = tiles.get(entry.stream);
    if (tile === undefined) add(entry, index);
    else tile.hear(entry);
  });
  deal();
  write(announcer, entries.length === 0 ? 'No streams' : tally.textContent);
}

function add(entry: StreamEntry, index: number): void {
  const tile = new Tile(template, entry, address);
  tiles.set(entry.stream, tile);
  tileOf.set(tile.element, tile);
  list.insertBefore(tile.element, list.children[index] ?? null);
  tile.tick();
  onScreen.observe(tile.element);
}

function remove(name: string, tile: Tile): void {
  onScreen.unobserve(tile.element);
  tiles.delete(name);
  tile.dispose();
}

function showBlank(shown: keyof typeof blanks | undefined): void {
  for (const [name, blank] of Object.entries(blanks)) show(blank, name === shown);
}

async function watchList(): Promise<void> {
  for (;;) {
    if (document.visibilityState === 'visible') await refreshList();
    await new Promise((resolve) => setTimeout(resolve, LIST_MS));
  }
}

Object.defineProperty(window, 'fastllWall', {
  get: () => Object.freeze(Object.fromEntries([...tiles].map(([name, tile]) => [name, tile.statistics]))),
  enumerable: true,
});
document.addEventListener('visibilitychange', () => {
  const seen = document.visibilityState === 'visible';
  hiddenSince = seen ? undefined : performance.now();
  for (const tile of tiles.values()) tile.setSeen(seen);
  deal();
  if (seen) void refreshList();
});
wireTokenForm(find(document, '#token-form', HTMLFormElement));
setInterval(tick, TICK_MS);
void watchList();
