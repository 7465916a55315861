import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, type Metafile } from 'esbuild';
import type { V4WorkerOptions } from 'miniflare';
import { unstable_getMiniflareWorkerOptions } from 'wrangler';

/**
 * Makes dist/: the Worker as one module for the embedded edge (wrangler bundles its own), what wrangler.toml says of it,
 * and the static assets of the player and the wall. Takes a moment, so every script that needs it simply runs it.
 */
const at = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const ASSETS = at('dist/assets/assets/');

await mkdir(ASSETS, { recursive: true });
const [, { metafile }] = await Promise.all([
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
    metafile: true,
    logLevel: 'warning',
  }),
  cp(at('worker/player/favicon.svg'), `${ASSETS}favicon.svg`),
  writeOptions(),
]);
await Promise.all([...['player', 'wall'].map((name) => writePage(name, metafile)), removeAllBut(metafile)]);

/** What wrangler.toml says of the Worker, for miniflare.config.ts. */
async function writeOptions(): Promise<void> {
  const { compatibilityDate, compatibilityFlags, durableObjects, bindings } = unstable_getMiniflareWorkerOptions(
    at('wrangler.toml'),
  ).workerOptions as V4WorkerOptions;
  await mkdir(at('dist/worker'), { recursive: true });
  const options = { compatibilityDate, compatibilityFlags, durableObjects, bindings };
  await writeFile(at('dist/worker/options.json'), JSON.stringify(options, undefined, 2));
}

/** With what its script imports named beside it: a browser loads both at once, and not one after the other. */
async function writePage(name: string, { outputs }: Metafile): Promise<void> {
  const tag = '<script type="module"';
  const html = await readFile(at(`worker/player/${name}.html`), 'utf8');
  // As the page finds its script.
  const [, assets] = new RegExp(`${tag} src="(.*/)`).exec(html) ?? [];
  const script = Object.entries(outputs).find(([path]) => basename(path) === `${name}.js`)?.[1];
  const preloads = (script?.imports ?? []).map(
    ({ path }) => `<link rel="modulepreload" href="${assets}${basename(path)}" />\n    `,
  );
  await writeFile(at(`dist/assets/${name}.html`), html.replace(tag, preloads.join('') + tag));
}

/** Chunks of earlier builds have other names. */
async function removeAllBut({ outputs }: Metafile): Promise<void> {
  const wanted = new Set(['favicon.svg', ...Object.keys(outputs).map((path) => basename(path))]);
  const stale = (await readdir(ASSETS)).filter((name) => !wanted.has(name));
  await Promise.all(stale.map((name) => rm(`${ASSETS}${name}`)));
}
