/** Pages: the same for everyone, wherever the edge is. */
import { describe, expect, test } from 'vitest';
import { ask, watching, token } from './support.ts';

const PAGES = { 'the wall': '/', 'a player': '/cam-kitchen/' };

async function sha256(text: string): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', new TextEncoder().encode(text)));
  return btoa(String.fromCharCode(...digest));
}

describe.for(Object.entries(PAGES))('%s', ([, path]) => {
  test('runs the scripts that it brings along, and no other', async () => {
    const response = await ask(path);
    const page = await response.text();
    const policy = response.headers.get('content-security-policy') ?? '';
    const inline = [...page.matchAll(/<script>(.*?)<\/script>/gs)].map(([, script = '']) => script);
    for (const script of inline) expect(policy).toContain(`script-src 'self' 'sha256-${await sha256(script)}'`);
    expect(policy).not.toContain('unsafe');
    expect(page).not.toMatch(/\son\w+=|javascript:|<style/);
  });

  test('is the same with a token, which nothing but its address holds', async () => {
    const jwt = await token('play', '*');
    const plain = await ask(path);
    for (const response of [await ask(`${path}?token=${jwt}`), await ask(path, { headers: watching })]) {
      expect(Object.fromEntries(response.headers)).toEqual(Object.fromEntries(plain.headers));
      expect(response.headers.has('link')).toBe(false);
      expect(await response.text()).toBe(await (await ask(path)).text());
    }
  });

  test('finds all that it needs from where it is', async () => {
    const page = await (await ask(path)).text();
    const links = [...page.matchAll(/\b(?:href|src)="([^"]*)"/g)].map(([, link = '']) => link);
    expect(links).not.toEqual([]);
    for (const link of links) {
      const below = new URL(link, `https://proxy.test/some/where${path}`);
      expect(below.href, link).toMatch(/^https:\/\/proxy\.test\/some\/where\//);
      const { pathname } = new URL(link, `https://edge.test${path}`);
      if (pathname.startsWith('/assets/')) expect((await ask(pathname)).status, pathname).toBe(200);
    }
  });
});

test('without the slash at its end, a player is found where it is, its viewer named as before', async () => {
  for (const [path, expected] of [
    ['/cam', 'cam/'],
    ['/cam?token=x&target=300', 'cam/?token=x&target=300'],
    ['/cam-kitchen', 'cam-kitchen/'],
    ['/cam-a-b?target=300', 'cam-a-b/?target=300'],
  ] as const) {
    const response = await ask(path);
    expect([response.status, response.headers.get('location')]).toEqual([302, expected]);
  }
});
