import type { Surroundings } from '../commands/surroundings.ts';
import { publishTokenOf } from '../config/credentials.ts';
import type { Config } from '../config/load.ts';
import type { StreamName } from '../../protocol/names.ts';
import { EdgeClock } from '../edge-clock.ts';
import { baseOf, closeConnections, connections, type Edge } from '../upload/edge.ts';
import { checkEdge } from './edge-check.ts';
import { about, type Finding } from './finding.ts';
import type { Progress } from './progress.ts';
import { tryAll } from './trials/all.ts';

/** The edge elsewhere that the configuration names. */
export async function checkRemote(
  url: string,
  config: Config,
  { environment, clock: own, signal }: Surroundings,
  options: { readonly thorough: boolean; readonly progress: Progress },
): Promise<Finding[]> {
  const clock = new EdgeClock(own);
  const token = publishTokenOf(config.token, environment);
  const edge: Edge = {
    base: baseOf(url),
    ...connections(),
    token: () => Promise.resolve(token ?? ''),
  };
  try {
    const { timeDisplacement } = config;
    const streams = token === undefined ? [] : config.streams.map(({ stream }) => stream);
    const trials = (stream: StreamName): Promise<Finding[]> => tryAll({ edge, clock, signal }, stream, options);
    const findings = await checkEdge({ edge, clock, signal, running: '', streams, token, timeDisplacement, trials });
    if (token !== undefined) return findings;
    const missing = about('token', 'token').broken(
      'the edge needs a publish token: set FASTLL_TOKEN, or "token" in the configuration (made by: fast-ll token --publish)',
    );
    return [...findings, missing];
  } finally {
    await closeConnections(edge);
  }
}
