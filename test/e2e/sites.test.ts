/** Pages of other sites, in the browser of somebody who is near an edge that lets everyone play. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { Browser, Page } from 'playwright-core';
import { noChromium, openBrowser } from './support/browser.ts';
import { startEdge } from './support/edge-process.ts';
import { freePort } from './support/fast-ll.ts';

let browser: Browser;
beforeAll(async () => {
  // What a name server does for a page that wants to be taken for somebody else's.
  if (!noChromium) browser = await openBrowser(['--host-resolver-rules=MAP rebound.example 127.0.0.1']);
});
afterAll(() => browser?.close());

/** A page of another site. */
async function openSite(): Promise<{ page: Page; origin: string }> {
  const server = createServer((_, response) => response.end('<!doctype html><title>Somebody else</title>')).listen(0);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const page = await browser.newPage();
  onTestFinished(() => page.close());
  await page.goto(origin);
  return { page, origin };
}

/** What a script of the page gets to read. */
const read = (page: Page, url: string): Promise<string> =>
  page.evaluate(
    (asked) =>
      fetch(asked).then(
        (answer) => answer.text(),
        (error: unknown) => String(error),
      ),
    url,
  );

describe.skipIf(noChromium)('an edge on this machine', () => {
  test('is read by no page but its own', async () => {
    const port = await freePort();
    await using _ = await startEdge(port);
    const { page } = await openSite();
    const edge = `http://127.0.0.1:${port}`;
    expect(await read(page, `${edge}/api/streams`)).toBe('TypeError: Failed to fetch');
    await page.goto(`${edge}/`);
    expect(await read(page, `${edge}/api/streams`)).toBe('{"streams":[]}');
  });

  test('is read by a page of a site that it names', async () => {
    const port = await freePort();
    const { page, origin } = await openSite();
    await using _ = await startEdge(port, '127.0.0.1', '--origin', origin);
    expect(await read(page, `http://127.0.0.1:${port}/api/streams`)).toBe('{"streams":[]}');
  });

  test('is not read under a name that somebody has led to it', async () => {
    const port = await freePort();
    await using _ = await startEdge(port);
    const page = await browser.newPage();
    onTestFinished(() => page.close());
    const answer = await page.goto(`http://rebound.example:${port}/`);
    expect(answer?.status()).toBe(421);
    const url = `http://rebound.example:${port}/api/streams`;
    expect(JSON.parse(await read(page, url))).toEqual({ error: expect.stringContaining('into "origins"') });
  });
});
