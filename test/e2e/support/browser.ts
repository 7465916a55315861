import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** The Chromium of this machine. */
const PATH = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';

/** Stories that need it are skipped, with a line that says why, where there is none. */
export const noChromium = !existsSync(PATH);
if (noChromium) {
  console.warn(`skipped what needs a browser: there is no Chromium at ${PATH}; CHROMIUM_PATH may name another`);
}

/** @param environment beside this process's */
export const openBrowser = (
  args: readonly string[] = [],
  environment: Readonly<Record<string, string>> = {},
): Promise<Browser> =>
  chromium.launch({
    executablePath: PATH,
    env: { ...process.env, ...environment },
    args: [
      ...['--headless=new', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
      '--autoplay-policy=no-user-gesture-required',
      ...args,
    ],
  });
