import { END_HEADER } from '../../protocol/headers.ts';
import { ProblemError } from '../errors.ts';

/** What the body of a PUT ends with when it is whole, where its encoder says so. @throws ProblemError where it is none */
export function endOf({ headers }: Request): Uint8Array | undefined {
  const said = headers.get(END_HEADER);
  if (said === null) return undefined;
  if (/^(?:[\da-f]{2}){8,128}$/i.test(said))
    return Uint8Array.from(said.match(/../g) ?? [], (byte) => parseInt(byte, 16));
  throw new ProblemError({ kind: 'bad body', detail: `expected ${END_HEADER} to be 8 to 128 bytes in hex` });
}
