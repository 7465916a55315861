import { isStreamName } from '../../protocol/names.ts';
import { signToken, type Right } from '../../protocol/token.ts';
import { secondsOfMilliseconds } from '../../protocol/units.ts';
import { secretOf } from '../config/credentials.ts';
import { BAD_INPUT, UserError } from '../errors.ts';
import { parseLife } from './life.ts';
import type { Surroundings } from './surroundings.ts';

/** Prints a token. */
export async function makeToken(
  options: {
    readonly stream: string;
    readonly play?: boolean | undefined;
    readonly publish?: boolean | undefined;
    readonly expires: string;
    readonly secret: string | undefined;
  },
  { environment, clock, print }: Surroundings,
): Promise<void> {
  const { stream } = options;
  if (stream !== '*' && !isStreamName(stream)) {
    throw new UserError(`--stream: expected a stream's name, or "*" for all, got "${stream}"`, BAD_INPUT);
  }
  if ((options.play === true) === (options.publish === true)) {
    throw new UserError('expected either --play or --publish', BAD_INPUT);
  }
  const secret = secretOf(options.secret, environment);
  if (secret === undefined) throw new UserError("expected the edge's secret in FASTLL_SECRET or --secret", BAD_INPUT);
  const right: Right = options.publish === true ? 'publish' : 'play';
  const exp = Math.floor(secondsOfMilliseconds(clock.wall()) + parseLife(options.expires));
  print(await signToken({ sub: stream, scope: right, exp }, secret));
}
