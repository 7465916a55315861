#!/usr/bin/env node
// Plain JavaScript, so that a Node too old to run TypeScript says what is the matter instead of showing a syntax error.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(
    `fast-ll: expected Node 22.18 or newer, got ${process.versions.node}; "npm run fast-ll --" uses the one that comes with Fast-ll\n`,
  );
  process.exit(1);
}
await import('./main.ts');
