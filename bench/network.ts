import { delayLine, type Delay } from './network-delay.ts';
import { makeNamespace } from './network-namespace.ts';
import { PROFILES, secondsOf } from './network-profiles.ts';

/** What is between a browser and the edge. */
export interface Network extends AsyncDisposable {
  readonly name: string;
  /** Starts a Chromium that sits at its other end. */
  readonly chromium: string;
  /** Address of this machine, as that browser sees it. */
  readonly host: string;
  /** After which it has shown all that it does, in seconds. */
  readonly period: number;
  /** Lets through only so much from now on, where its profile says so, until what it gives is called. */
  narrow(): Promise<() => Promise<void>>;
  /** Leads to a port of this machine. @returns the origin that the browser is to ask */
  lead(port: number): Promise<string>;
}

const CHROMIUM = process.env['CHROMIUM_PATH'] ?? '/usr/bin/chromium';
const JITTER_MS = 10;
const NOTHING: Delay = { least: 0, jitter: 0 };

/**
 * A network by its name: `direct`; `rtt50` for 50 ms of round trip with 10 ms of jitter; `loss1` for 1 % of packets lost;
 * one of the profiles; and several of them with a plus, as in `rtt150+loss1`. Throws where the machine cannot make it.
 */
export async function openNetwork(name: string): Promise<Network> {
  const { rtt, loss, profile } = parse(name);
  await using opened = new AsyncDisposableStack();
  const throughput = profile === undefined ? undefined : PROFILES[profile];
  const { host, chromium, narrow } =
    loss > 0 || throughput !== undefined
      ? await makeNamespace({ chromium: CHROMIUM, loss: loss / 100, profile: throughput }, opened)
      : { host: '127.0.0.1', chromium: CHROMIUM, narrow: () => Promise.resolve(() => Promise.resolve()) };
  const delay = rtt === 0 ? NOTHING : { least: (rtt - JITTER_MS) / 2, jitter: JITTER_MS };
  const kept = opened.move();
  return {
    ...{ name, chromium, host, narrow, period: throughput === undefined ? 0 : secondsOf(throughput) },
    async lead(port) {
      if (name === 'direct') return `http://127.0.0.1:${port}`;
      return `http://${host}:${await delayLine(port, host, delay, kept)}`;
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function parse(name: string): { rtt: number; loss: number; profile: string | undefined } {
  const parsed = { rtt: 0, loss: 0, profile: undefined as string | undefined };
  for (const part of name.split('+')) {
    const [, kind, figure] = /^(rtt|loss)(\d+(?:\.\d+)?)$/.exec(part) ?? [];
    if (kind === 'rtt') parsed.rtt = Number(figure);
    else if (kind === 'loss') parsed.loss = Number(figure);
    else if (part in PROFILES) parsed.profile = part;
    else if (part !== 'direct') throw new Error(`expected direct, rtt<ms>, loss<percent> or a profile, got ${part}`);
  }
  return parsed;
}
