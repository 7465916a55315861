import { cp, mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

/**
 * Makes dist/: the Worker as one module for the embedded edge (wrangler bundles its own), and the static assets of the
 * player and the wall. Takes a moment, so every script that needs it simply runs it.
 */
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const ASSETS = at('dist/assets/assets/');

await mkdir(ASSETS, { recursive: true });
await Promise.all([
  build({
    entryPoints: [at('worker/index.ts')],
    outfile: at('dist/worker/index.js'),
    bundle: true,
    format: 'esm',
    target: 'es2024',
    conditions: ['workerd', 'worker', 'browser'],
    external: ['cloudflare:*'],
    minifySyntax: true,
    sourcemap: true,
    logLevel: 'warning',
  }),
  build({
    entryPoints: [at('worker/player/player.ts'), at('worker/player/wall.ts'), at('worker/player/style.css')],
    outdir: ASSETS,
    bundle: true,
    format: 'esm',
    target: 'es2022',
    // dash.js in a chunk that player and wall share.
    splitting: true,
    chunkNames: '[name]-[hash]',
    minify: true,
    logLevel: 'warning',
  }),
  cp(at('worker/player/favicon.svg'), `${ASSETS}favicon.svg`),
  cp(at('worker/player/player.html'), at('dist/assets/player.html')),
  cp(at('worker/player/wall.html'), at('dist/assets/wall.html')),
]);
