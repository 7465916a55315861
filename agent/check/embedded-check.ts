import { embeddedEdge } from '../commands/run.ts';
import type { Surroundings } from '../commands/surroundings.ts';
import { secretOf } from '../config/credentials.ts';
import { httpsOf } from '../config/https.ts';
import type { Config } from '../config/load.ts';
import { embeddedBase, newSecret, type EmbeddedEdge } from '../embedded-edge.ts';
import { EdgeClock } from '../edge-clock.ts';
import { messageOf } from '../errors.ts';
import { closeConnections, connections, type Edge } from '../upload/edge.ts';
import { signToken } from '../../protocol/token.ts';
import { secondsOfMilliseconds } from '../../protocol/units.ts';
import { checkEdge, versionOf } from './edge-check.ts';
import { about, type Finding } from './finding.ts';

/** The token for the time of the check. */
const TOKEN_LIFE_S = 600;

/** The edge on this machine: the one that runs already, or one started for the check. */
export async function checkEmbedded(config: Config, around: Surroundings): Promise<Finding[]> {
  return (await checkRunning(config, around)) ?? checkStarted(config, around);
}

/** Undefined when no Fast-ll listens there. */
async function checkRunning(
  config: Config,
  { environment, clock, signal }: Surroundings,
): Promise<Finding[] | undefined> {
  const secret = secretOf(config.secret, environment);
  const exp = Math.floor(secondsOfMilliseconds(clock.wall()) + TOKEN_LIFE_S);
  const https = await httpsOf(config, clock.wall());
  const edge: Edge = {
    base: embeddedBase(config.host ?? '', config.port ?? 0, https),
    ...connections(https?.own),
    token: () => signToken({ sub: '*', scope: 'publish', exp }, secret ?? newSecret()),
  };
  try {
    if (config.port === 0) return undefined;
    if ((await versionOf({ edge, clock, signal }).catch(() => undefined)) === undefined) return undefined;
    const { timeDisplacement } = config;
    const streams = secret === undefined ? [] : config.streams.map(({ stream }) => stream);
    const findings = await checkEdge({
      edge,
      clock: new EdgeClock(clock),
      signal,
      running: 'runs already',
      streams,
      token: undefined,
      timeDisplacement,
    });
    if (secret !== undefined) return findings;
    const unknown = about('way', 'way').warning(
      'not tried, because the Fast-ll that runs there made its secret by itself: set "secret" in the configuration (or FASTLL_SECRET) and start it anew, or end it during the check',
    );
    return [...findings, unknown];
  } finally {
    await closeConnections(edge);
  }
}

async function checkStarted(config: Config, around: Surroundings): Promise<Finding[]> {
  const { clock, signal } = around;
  signal.throwIfAborted();
  let embedded: EmbeddedEdge;
  try {
    embedded = await embeddedEdge(config, around, { debug: () => {}, warn: () => {} });
  } catch (error) {
    return [about('edge', 'edge').broken(messageOf(error))];
  }
  try {
    signal.throwIfAborted();
    const { edge } = embedded;
    const { timeDisplacement } = config;
    const streams = config.streams.map(({ stream }) => stream);
    const running = 'started for this check';
    return await checkEdge({
      edge,
      clock: new EdgeClock(clock),
      signal,
      running,
      streams,
      token: undefined,
      timeDisplacement,
    });
  } finally {
    await embedded.close();
    await closeConnections(embedded.edge);
  }
}
