import { httpsOf } from '../config/https.ts';
import type { Config } from '../config/load.ts';
import type { StreamConfig } from '../config/schema.ts';
import type { Logger } from 'pino';
import { Camera } from '../camera/camera.ts';
import { KeptCamera } from '../camera/kept-camera.ts';
import { wayTo } from '../camera/way.ts';
import type { CameraStatus } from '../camera/status.ts';
import { publishTokenOf, secretOf, secretsOf } from '../config/credentials.ts';
import { Encoders } from '../encoders/encoders.ts';
import { StreamEncoder } from '../encoders/stream-encoder.ts';
import { isLoopback } from '../embedded-edge/sites.ts';
import { startEmbeddedEdge, newSecret, type EmbeddedEdge } from '../embedded-edge.ts';
import { BAD_INPUT, UserError } from '../errors.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';
import { followEdge } from '../follow-edge.ts';
import { locateFfmpeg } from '../ffmpeg/locate.ts';
import { createLog } from '../log.ts';
import { Screen } from '../screen.ts';
import { SummaryFile, type SummaryFileOptions } from '../statistics/summary-file.ts';
import { baseOf, closeConnections, connections, edgeUrl, type Edge } from '../upload/edge.ts';
import { parseLife } from './life.ts';
import type { Surroundings } from './surroundings.ts';

/** How long the URLs that are printed may be used. */
const PRINTED_LIFE = parseLife('24h');
/** Cameras take 2 s for what they owe, and FFmpeg has one to end. */
const PATIENCE_AT_END = milliseconds(6000);
const STATUS_INTERVAL_MS = 10_000;

/** Runs every stream of a configuration until it is told to stop. */
export async function run(
  config: Config,
  options: { readonly verbose: boolean; readonly json: boolean },
  around: Surroundings,
): Promise<void> {
  const { environment, redactor, signal, print } = around;
  redactor.add(...secretsOf(config, environment));
  const cameras: KeptCamera[] = [];
  const statuses = (): CameraStatus[] => cameras.map((camera) => camera.status());
  const verbose = options.verbose || config.verbose;
  const screen = around.isTerminal && !options.json && !verbose ? new Screen(statuses, signal) : undefined;
  const log = createLog({ verbose, json: options.json, redactor, screen: screen && ((line) => screen.print(line)) });
  for (const key of config.ignored) log.warn(`${key}: is no key of Fast-ll's: ignored`);
  const ffmpeg = await locateFfmpeg(config.ffmpeg, environment);
  log.info(`FFmpeg ${ffmpeg.version} (${ffmpeg.origin})`);

  const embedded = config.edge === undefined ? await embeddedEdge(config, around, log) : undefined;
  const edge = embedded?.edge ?? remoteEdge(config, around);
  const say = (line: string): void => (screen === undefined ? print(line) : screen.print(`${line}\n`));
  try {
    const following = embedded === undefined ? await followEdge({ own: around.clock, edge, log, signal }) : undefined;
    // An edge on this machine has this machine's.
    const clock = following?.clock ?? around.clock;
    for (const { stream } of config.streams) {
      say(`${stream}: ${await watchUrl(embedded, config, stream)}`);
    }
    if (embedded !== undefined) {
      say(`All streams: ${await watchUrl(embedded, config, undefined)}`);
      warnOfOpenDoors(config, (text) => log.warn(text));
    }
    const encoders = new Encoders({ ffmpeg, clock: around.clock, signal });
    for (const stream of config.streams) {
      const encoder = new StreamEncoder({ stream, encoders, log });
      const way = wayTo({ stream, ffmpeg, clock, machine: around.clock, log, encoder });
      const summary = await summaryOf(stream, config, { edge, clock, log });
      const redact = (text: string): string => redactor.redact(text);
      const make = (over: AbortSignal): Camera =>
        new Camera({ stream, way, edge, log, clock, signal: over, redact, summary });
      cameras.push(new KeptCamera({ stream: stream.stream, make, clock, log, signal }));
    }
    if (options.json) reportStatus(statuses, log, signal);
    await within(PATIENCE_AT_END, Promise.all([...cameras.map((camera) => camera.run()), following?.over]), around);
  } finally {
    await embedded?.close();
    await closeConnections(edge);
  }
}

/** Waits for work that ends with the run, but no longer than `time` after the run was told to end. */
async function within(time: Milliseconds, work: Promise<unknown>, { clock, signal }: Surroundings): Promise<void> {
  const done = new AbortController();
  const late = aborted(AbortSignal.any([signal, done.signal])).then(() => clock.sleep(time, done.signal));
  await Promise.race([work, late]);
  done.abort();
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

/** Called as the original calls it; with the stream's name where there are several. */
async function summaryOf(
  { stream, saveStats }: StreamConfig,
  { streams }: Config,
  parts: Omit<SummaryFileOptions, 'path' | 'stream'>,
): Promise<SummaryFile | undefined> {
  if (!saveStats) return undefined;
  const isOnly = streams.filter((one) => one.saveStats).length === 1;
  const file = new SummaryFile({
    ...parts,
    stream,
    path: isOnly ? 'summary_jitter.csv' : `summary_jitter.${stream}.csv`,
  });
  await file.try();
  return file;
}

/** For machines: a line now and then. */
function reportStatus(statuses: () => readonly CameraStatus[], log: Logger, signal: AbortSignal): void {
  const timer = setInterval(() => log.info({ cameras: statuses() }, 'status'), STATUS_INTERVAL_MS);
  signal.addEventListener('abort', () => clearInterval(timer), { once: true });
}

/** The edge that a configuration without "edge" has on this machine. @throws UserError */
export async function embeddedEdge(
  config: Config,
  { clock, environment, redactor }: Surroundings,
  log: Pick<Logger, 'debug' | 'warn'>,
): Promise<EmbeddedEdge> {
  const secret = secretOf(config.secret, environment) ?? newSecret();
  redactor.add(secret);
  const https = await httpsOf(config, clock.wall());
  if (https?.warning !== undefined) log.warn(https.warning);
  return startEmbeddedEdge({
    // The schema has made sure of both.
    host: config.host ?? '',
    port: config.port ?? 0,
    https,
    secret,
    playback: config.playback,
    origins: config.origins,
    timeDisplacement: config.timeDisplacement,
    waitForAbsentSegment: config.waitForAbsentSegment,
    clock,
    onError: (message) => log.debug(message),
    onNotice: (sentence) => log.warn(sentence),
  });
}

/** @throws UserError */
function remoteEdge(config: Config, { environment }: Surroundings): Edge {
  const token = publishTokenOf(config.token, environment);
  if (token === undefined) {
    throw new UserError(
      'the edge needs a publish token: set FASTLL_TOKEN, or "token" in the configuration (made by: fast-ll token --publish)',
      BAD_INPUT,
    );
  }
  return { base: baseOf(config.edge ?? ''), ...connections(), token: () => Promise.resolve(token) };
}

async function watchUrl(
  embedded: EmbeddedEdge | undefined,
  config: Config,
  stream: string | undefined,
): Promise<string> {
  const base = embedded?.url ?? baseOf(config.edge ?? '');
  const url = edgeUrl({ base }, stream === undefined ? '/' : `/${stream}/`);
  if (embedded !== undefined && config.playback === 'token') {
    const sub = stream === undefined ? '*' : config.streams.find((one) => one.stream === stream)?.stream;
    url.searchParams.set('token', await embedded.token('play', sub ?? '*', PRINTED_LIFE));
  }
  return url.href;
}

function warnOfOpenDoors(config: Config, warn: (text: string) => void): void {
  if (config.playback === 'open' && !isLoopback(config.host ?? '')) {
    warn(
      'everyone who can reach this machine can watch: set "playback": "token" in the configuration to ask for a token',
    );
  }
}
