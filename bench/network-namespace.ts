import { spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import type { Profile } from './network-profiles.ts';

/**
 * A browser of its own network: namespaces of Linux, with a router between it and this machine that loses packets and
 * lets only so many through.
 *
 *     this machine ── glass<n>h ── router (loses, both ways; narrows, to the browser) ── browser
 */
export interface Namespace {
  /** Address of this machine, as the browser sees it. */
  readonly host: string;
  /** A program that starts Chromium there. */
  readonly chromium: string;
  /** Begins to be narrow, until what it gives is called. */
  readonly narrow: () => Promise<() => Promise<void>>;
}

/** Bytes that wait longer at the narrow place are lost. */
const QUEUE = '200ms';
const BURST = '4kb';
let made = 0;

/** Needs root, iproute2 and iptables; throws otherwise. */
export async function makeNamespace(
  {
    chromium,
    loss,
    profile,
  }: { readonly chromium: string; readonly loss: number; readonly profile: Profile | undefined },
  opened: AsyncDisposableStack,
): Promise<Namespace> {
  made += 1;
  const name = `glass${process.pid % 10_000}x${made % 100}`;
  const [router, browser] = [`${name}r`, `${name}b`];
  // Another bench may run at the same time.
  const net = `10.${128 + (process.pid % 127)}.${made % 250}`;
  const ip = (...args: string[]) => execa('ip', args);
  for (const one of [router, browser]) {
    await ip('netns', 'add', one);
    undone(['netns', 'del', one], opened);
  }
  await ip('link', 'add', `${name}h`, 'type', 'veth', 'peer', 'name', 'near', 'netns', router);
  undone(['link', 'del', `${name}h`], opened);
  await ip('-n', router, 'link', 'add', 'far', 'type', 'veth', 'peer', 'name', 'eth0', 'netns', browser);
  for (const [where, link, address] of [
    [[], `${name}h`, `${net}.1/30`],
    [['-n', router], 'near', `${net}.2/30`],
    [['-n', router], 'far', `${net}.5/30`],
    [['-n', browser], 'eth0', `${net}.6/30`],
  ] as const) {
    await ip(...where, 'address', 'add', address, 'dev', link);
    // Else what is lost or delayed at once would be 64 kB.
    await ip(...where, 'link', 'set', 'dev', link, 'gso_max_segs', '1', 'up');
  }
  await ip('-n', browser, 'link', 'set', 'lo', 'up');
  await ip('-n', browser, 'route', 'add', 'default', 'via', `${net}.5`);
  await ip('route', 'add', `${net}.4/30`, 'via', `${net}.2`);
  const inRouter = (...command: string[]) => ip('netns', 'exec', router, ...command);
  await inRouter('sh', '-c', 'echo 1 > /proc/sys/net/ipv4/ip_forward');
  if (loss > 0) {
    const statistic = ['-m', 'statistic', '--mode', 'random', '--probability', String(loss)];
    await inRouter('iptables', '-A', 'FORWARD', ...statistic, '-j', 'DROP');
  }
  const queue = (...command: string[]) => execa('tc', ['-n', router, 'qdisc', ...command]);
  return {
    host: `${net}.1`,
    chromium: await launcher(chromium, browser, opened),
    narrow: async () => (profile === undefined ? nothing : follow(profile, queue)),
  };
}

const nothing = (): Promise<void> => Promise.resolve();

/** Also when this process is told to end. */
function undone(command: string[], opened: AsyncDisposableStack): void {
  const atExit = (): void => void spawnSync('ip', command);
  process.once('exit', atExit);
  opened.defer(async () => {
    process.off('exit', atExit);
    await execa('ip', command);
  });
}

/** Follows the profile, over and over. */
async function follow(
  profile: Profile,
  queue: (...command: string[]) => PromiseLike<unknown>,
): Promise<() => Promise<void>> {
  const over = new AbortController();
  const narrow = (kbps: number): PromiseLike<unknown> =>
    queue(...`replace dev far root tbf rate ${kbps}kbit burst ${BURST} latency ${QUEUE}`.split(' '));
  await narrow(profile[0]?.[0] ?? 0);
  const following = (async () => {
    for (let index = 0; !over.signal.aborted; index = (index + 1) % profile.length) {
      const [kbps, seconds] = profile[index] ?? [0, 1];
      await narrow(kbps);
      await sleep(1000 * seconds, undefined, { signal: over.signal }).catch(() => {});
    }
  })();
  return async () => {
    over.abort();
    await following;
    await queue('del', 'dev', 'far', 'root');
  };
}

/** Playwright wants one file to start. */
async function launcher(chromium: string, namespace: string, opened: AsyncDisposableStack): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'fast-ll-'));
  opened.defer(() => rm(folder, { recursive: true, force: true }));
  const path = join(folder, 'chromium');
  await writeFile(path, `#!/bin/sh\nexec ip netns exec ${namespace} ${chromium} "$@"\n`, { mode: 0o755 });
  return path;
}
