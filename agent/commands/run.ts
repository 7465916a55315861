import { readText, type Config } from '../config/load.ts';
import { Camera } from '../camera/camera.ts';
import { startEmbeddedEdge, newSecret, type EmbeddedEdge } from '../embedded-edge.ts';
import { BAD_INPUT, UserError } from '../errors.ts';
import { locateFfmpeg } from '../ffmpeg/locate.ts';
import { createLog } from '../log.ts';
import { Redactor } from '../redact.ts';
import { connections, type Edge } from '../upload/edge.ts';
import { parseLife } from './life.ts';
import type { Surroundings } from './surroundings.ts';

/** How long the URLs that are printed may be used. */
const PRINTED_LIFE = parseLife('24h');

/** Runs every stream of a configuration until it is told to stop. */
export async function run(
  config: Config,
  options: { readonly verbose: boolean; readonly json: boolean },
  around: Surroundings,
): Promise<void> {
  const { environment, now, signal, print } = around;
  const secret = config.secret ?? environment['FASTLL_SECRET'] ?? newSecret();
  const token = config.token ?? environment['FASTLL_TOKEN'];
  const redactor = new Redactor();
  redactor.add(secret, token, ...config.streams.flatMap((stream) => (stream.type === 'RTSP' ? stream.input.secrets : [])));
  const log = createLog({ verbose: options.verbose || config.verbose, json: options.json, redactor });
  const ffmpeg = await locateFfmpeg(config.ffmpeg, environment);
  log.info(`FFmpeg ${ffmpeg.version} (${ffmpeg.origin})`);

  const embedded = config.edge === undefined ? await embeddedEdge(config, secret, around, log.debug.bind(log)) : undefined;
  const edge = embedded?.edge ?? remoteEdge(config.edge ?? '', token);
  try {
    for (const { stream } of config.streams) {
      print(`${stream}: ${await watchUrl(embedded, config, stream)}`);
    }
    if (embedded !== undefined) {
      print(`All streams: ${await watchUrl(embedded, config, undefined)}`);
      warnOfOpenDoors(config, (text) => log.warn(text));
    }
    await Promise.all(config.streams.map((stream) => new Camera({ stream, edge, ffmpeg, log, now, signal }).run()));
  } finally {
    await embedded?.close();
    await edge.dispatcher.destroy();
  }
}

async function embeddedEdge(
  config: Config,
  secret: string,
  { now }: Surroundings,
  onError: (message: string) => void,
): Promise<EmbeddedEdge> {
  const { sslKeyFile, sslCertFile } = config;
  const https =
    sslKeyFile === undefined || sslCertFile === undefined
      ? undefined
      : { key: await readText(sslKeyFile), cert: await readText(sslCertFile) };
  return startEmbeddedEdge({
    // The schema has made sure of both.
    host: config.host ?? '',
    port: config.port ?? 0,
    https,
    secret,
    playback: config.playback,
    timeDisplacement: config.timeDisplacement,
    waitForAbsentSegment: config.waitForAbsentSegment,
    now,
    onError,
  });
}

function remoteEdge(url: string, token: string | undefined): Edge {
  if (token === undefined) {
    throw new UserError(
      'the edge needs a publish token: set FASTLL_TOKEN, or "token" in the configuration (made by: fast-ll token --publish)',
      BAD_INPUT,
    );
  }
  return { origin: new URL(url), dispatcher: connections(), token: () => Promise.resolve(token) };
}

async function watchUrl(embedded: EmbeddedEdge | undefined, config: Config, stream: string | undefined): Promise<string> {
  const url = new URL(stream === undefined ? '/' : `/${stream}/`, embedded?.url ?? config.edge);
  if (embedded !== undefined && config.playback === 'token') {
    const sub = stream === undefined ? '*' : config.streams.find((one) => one.stream === stream)?.stream;
    url.searchParams.set('token', await embedded.token('play', sub ?? '*', PRINTED_LIFE));
  }
  return url.href;
}

const LOOPBACK = /^(localhost|127(\.\d+){3}|::1)$/;

function warnOfOpenDoors(config: Config, warn: (text: string) => void): void {
  if (config.playback === 'open' && !LOOPBACK.test(config.host ?? '')) {
    warn('everyone who can reach this machine can watch: set "playback": "token" in the configuration to ask for a token');
  }
}
