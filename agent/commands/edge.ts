import { secretOf } from '../config/credentials.ts';
import { newSecret, startEmbeddedEdge } from '../embedded-edge.ts';
import { createLog } from '../log.ts';
import { seconds } from '../../protocol/units.ts';
import { parseLife } from './life.ts';
import type { Surroundings } from './surroundings.ts';

const PRINTED_LIFE = parseLife('24h');

/** The embedded edge alone, for agents on other machines and for encoders that push. */
export async function runEdge(
  options: {
    readonly host: string;
    readonly port: number;
    readonly secret: string | undefined;
    readonly playback: 'open' | 'token';
    readonly origin?: readonly string[] | undefined;
    readonly verbose: boolean;
    readonly json: boolean;
  },
  { environment, clock, redactor, signal, print }: Surroundings,
): Promise<void> {
  const given = secretOf(options.secret, environment);
  const secret = given ?? newSecret();
  redactor.add(secret);
  const log = createLog({ ...options, redactor });
  const embedded = await startEmbeddedEdge({
    host: options.host,
    port: options.port,
    https: undefined,
    secret,
    playback: options.playback,
    origins: options.origin,
    timeDisplacement: seconds(0),
    waitForAbsentSegment: true,
    clock,
    onError: (message) => log.debug(message),
    onNotice: (sentence) => log.warn(sentence),
  });
  print(`Edge: ${embedded.url.href}`);
  if (given === undefined) {
    print(`Publish token for all streams, good for 24 hours: ${await embedded.token('publish', '*', PRINTED_LIFE)}`);
    log.info('made a secret for this run only: set FASTLL_SECRET or --secret for tokens that last');
  }
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await embedded.close();
}
