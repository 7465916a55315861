import { signToken } from '../../../protocol/token.ts';
import { TEST_SECRET } from '../../secret.ts';
import { startFastLl, type RunningFastLl } from './fast-ll.ts';

/** `fast-ll edge` as a process of its own, for agents elsewhere; it listens. */
export async function startEdge(port: number, host = '127.0.0.1', ...args: readonly string[]): Promise<RunningFastLl> {
  const edge = startFastLl(['edge', '--host', host, '--port', String(port), ...args], {
    environment: { FASTLL_SECRET: TEST_SECRET },
  });
  await edge.says(/^Edge:/m);
  return edge;
}

/** For all streams of such an edge. @param life in seconds */
export const publishToken = (life = 3600): Promise<string> =>
  signToken({ sub: '*', scope: 'publish', exp: Math.floor(Date.now() / 1000) + life }, TEST_SECRET);
