/// <reference lib="dom" />
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { chromium, type Page } from 'playwright-core';
import { dashJs, shaka, type StockPlayer } from '../test/e2e/support/stock-player.ts';
import { openEye, type Sight, type Strip } from './glass-eye.ts';
import type { Network } from './network.ts';
import { STREAM } from './glass-stream.ts';

/**
 * `dashjs` and `shaka` as they come, with what the manifest says; Fast-ll's own page at the target of the stream (`page`)
 * or at the one that it picks (`auto`).
 */
export const PLAYERS = ['dashjs', 'shaka', 'page', 'auto'] as const;
export type Player = (typeof PLAYERS)[number];

const STOCK: Readonly<Partial<Record<Player, StockPlayer>>> = { dashjs: dashJs, shaka };

/** What a player aims at, what it takes its latency for, and the bitrate of the media that it loaded lately. */
export interface Said {
  readonly targetMs: number | null;
  readonly latencyMs: number | null;
  readonly measuredKbps: number | null;
}

export interface Viewing {
  readonly player: Player;
  /** Of the edge, as the browser reaches it. */
  readonly origin: string;
  readonly target: number;
  readonly strip: Strip;
  readonly network: Network;
}

/** A fresh Chromium with nothing in its caches, looking at one player. */
export class Viewer implements AsyncDisposable {
  readonly #page: Page;
  readonly #opened: AsyncDisposableStack;

  private constructor(page: Page, opened: AsyncDisposableStack) {
    this.#page = page;
    this.#opened = opened;
  }

  static async open({ player, origin, target, strip, network }: Viewing): Promise<Viewer> {
    await using opened = new AsyncDisposableStack();
    const stock = STOCK[player];
    const url =
      stock === undefined
        ? `${origin}/${STREAM}/${player === 'page' ? `?target=${target}` : ''}`
        : await serve(stock, `${origin}/${STREAM}/manifest.mpd`, network.host, opened);
    const browser = await chromium.launch({
      executablePath: network.chromium,
      args: [
        ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
        ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
        '--autoplay-policy=no-user-gesture-required',
      ],
    });
    opened.defer(() => browser.close());
    const page = await browser.newPage({ viewport: { width: 800, height: 600 } });
    await page.addInitScript(openEye, strip);
    await page.goto(url, { waitUntil: 'commit' });
    return new Viewer(page, opened.move());
  }

  /** Waits for the first picture. @returns milliseconds from asking for the page until it was on the screen */
  async firstPicture(timeout: number): Promise<number> {
    await this.#page.waitForFunction(() => window.glass.pictures.length > 0, undefined, { timeout, polling: 50 });
    const { openedAt, pictures } = await this.sight();
    return (pictures[0]?.at ?? NaN) - openedAt;
  }

  sight(): Promise<Sight> {
    return this.#page.evaluate(() => window.glass);
  }

  /** What Fast-ll's page says of itself; nulls in other players. */
  says(): Promise<Said> {
    return this.#page.evaluate(() => {
      const { fastll } = window as { fastll?: Said };
      return {
        targetMs: fastll?.targetMs ?? null,
        latencyMs: fastll?.latencyMs ?? null,
        measuredKbps: fastll?.measuredKbps ?? null,
      };
    });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }
}

/** Serves the smallest page that plays `manifest`. @returns its address */
async function serve(
  player: StockPlayer,
  manifest: string,
  host: string,
  opened: AsyncDisposableStack,
): Promise<string> {
  const script = await readFile(player.script);
  const page = `<!doctype html><video id="video" muted playsinline width="640"></video>
<script>const manifest = ${JSON.stringify(manifest)};</script><script src="/player.js"></script><script>${player.start}</script>`;
  const server = createServer(({ url }, response) => {
    response.setHeader('content-type', url === '/player.js' ? 'text/javascript' : 'text/html');
    response.end(url === '/player.js' ? script : page);
  }).listen(0, host);
  await once(server, 'listening');
  opened.defer(() => {
    server.close();
    server.closeAllConnections();
  });
  return `http://${host}:${(server.address() as AddressInfo).port}/`;
}
