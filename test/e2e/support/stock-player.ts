import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';

/**
 * A player as it comes from npm, in the smallest page there can be. It is served from a port of its own: all it gets of
 * the edge is of another origin.
 */
export interface StockPlayer {
  readonly script: string;
  /** Plays `manifest` in `video`. */
  readonly start: string;
}

const at = (path: string): string => fileURLToPath(new URL(`../../../node_modules/${path}`, import.meta.url));

export const dashJs: StockPlayer = {
  script: at('dashjs/dist/modern/umd/dash.all.min.js'),
  start: 'dashjs.MediaPlayer().create().initialize(video, manifest, true);',
};

export const shaka: StockPlayer = {
  script: at('shaka-player/dist/shaka-player.compiled.js'),
  start: `
    shaka.polyfill.installAll();
    const player = new shaka.Player();
    player.attach(video).then(() => player.load(manifest)).then(() => video.play());
  `,
};

/** What was seen of a video: times in seconds, `at` since 1970. */
export interface Watching {
  readonly samples: readonly {
    readonly at: number;
    readonly time: number;
    readonly rate: number;
    /** Of the picture, in pixels. */
    readonly width: number;
    /** Bytes of sound that were decoded so far. */
    readonly sound: number;
  }[];
  /** When it ran out of media. */
  readonly waits: readonly number[];
  readonly errors: readonly string[];
}

function setClock(aheadMs: number): void {
  const Right = Date;
  globalThis.Date = class extends Right {
    constructor(...parts: []) {
      super(...((parts.length === 0 ? [Right.now() + aheadMs] : parts) as []));
    }
    static override now(): number {
      return Right.now() + aheadMs;
    }
  } as DateConstructor;
}

const watching = (): Watching => (globalThis as unknown as { watching: Watching }).watching;

/** The page of a stock player that plays `manifest`; closed with it, the server that serves it. */
export class PlayerPage implements AsyncDisposable {
  readonly #page: Page;
  readonly #close: () => Promise<void>;

  private constructor(page: Page, close: () => Promise<void>) {
    this.#page = page;
    this.#close = close;
  }

  /** @param clockAheadMs by how much the clock of the browser's machine is wrong */
  static async open(browser: Browser, player: StockPlayer, manifest: string, clockAheadMs = 0): Promise<PlayerPage> {
    const script = await readFile(player.script);
    const server = createServer((request, response) => {
      const isPage = request.url === '/';
      response.setHeader('content-type', isPage ? 'text/html' : 'text/javascript');
      response.end(isPage ? pageOf(player, manifest) : script);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const page = await browser.newPage();
    await page.addInitScript(setClock, clockAheadMs);
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
    return new PlayerPage(page, async () => {
      await page.close();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    });
  }

  /** Waits until it plays. */
  async plays(timeout = 15_000): Promise<void> {
    const playing = (): boolean => {
      const [last, before] = (globalThis as unknown as { watching: Watching }).watching.samples.toReversed();
      return last !== undefined && before !== undefined && before.time > 0 && last.time > before.time;
    };
    await this.#page.waitForFunction(playing, undefined, { timeout });
  }

  async watch(seconds: number): Promise<Watching> {
    const from = Date.now() / 1000;
    await this.#page.waitForTimeout(1000 * seconds);
    const all = await this.#page.evaluate(watching);
    return {
      ...all,
      samples: all.samples.filter(({ at: time }) => time > from),
      waits: all.waits.filter((time) => time > from),
    };
  }

  /** Waits until the picture that is shown was captured after `moment`, in seconds since 1970. */
  async shows(moment: number, timeout: number): Promise<void> {
    const shown = (after: number): boolean => (document.querySelector('video')?.currentTime ?? 0) > after;
    await this.#page.waitForFunction(shown, moment, { timeout });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#close();
  }
}

const pageOf = (player: StockPlayer, manifest: string): string => `<!doctype html>
<video id="video" muted playsinline width="640"></video>
<script>
  const watching = window.watching = { samples: [], waits: [], errors: [] };
  const now = () => Date.now() / 1000;
  video.addEventListener('waiting', () => watching.waits.push(now()));
  video.addEventListener('error', () => watching.errors.push(video.error.message));
  addEventListener('error', (event) => watching.errors.push(String(event.message)));
  addEventListener('unhandledrejection', (event) => watching.errors.push([event.reason, event.reason?.data?.slice?.(0, 2)].join(' ')));
  const sample = () => ({
    ...{ at: now(), time: video.currentTime, rate: video.playbackRate, width: video.videoWidth, sound: video.webkitAudioDecodedByteCount },
  });
  setInterval(() => watching.samples.push(sample()), 100);
  const manifest = ${JSON.stringify(manifest)};
</script>
<script src="/player.js"></script>
<script>${player.start}</script>
`;
