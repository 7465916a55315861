import { request, type Dispatcher } from 'undici';
import type { Clock } from '../clock.ts';
import { codeOf, messageOf } from '../errors.ts';
import { authorization, edgeUrl, type Edge } from '../upload/edge.ts';
import type { Refusal } from '../upload/refusal.ts';
import { milliseconds, type Milliseconds } from '../../protocol/units.ts';

/** An answer of the edge, whole. */
export interface Answer extends Refusal {
  /** When it was asked, and how long that took. */
  readonly asked: Milliseconds;
  readonly roundTrip: Milliseconds;
}

/** How the edge is asked. */
export interface Asking {
  readonly edge: Edge;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

const PATIENCE_MS = 6000;

/** @throws what undici says; {@link whyUnreachable} puts it into words */
export async function ask(
  { edge, clock, signal }: Asking,
  path: string,
  put?: { readonly body: string },
): Promise<Answer> {
  const options: Omit<Dispatcher.RequestOptions, 'origin' | 'path' | 'method'> =
    put === undefined ? {} : { body: put.body, headers: await authorization(edge) };
  const [asked, from] = [clock.wall(), clock.monotonic()];
  const answer = await request(edgeUrl(edge, path), {
    ...options,
    method: put === undefined ? 'GET' : 'PUT',
    dispatcher: edge.dispatcher,
    signal: AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]),
  });
  const text = await answer.body.text();
  return {
    status: answer.statusCode,
    headers: answer.headers,
    text,
    asked,
    roundTrip: milliseconds(clock.monotonic() - from),
  };
}

const CAUSES: readonly { readonly codes: RegExp; readonly why: string }[] = [
  {
    codes: /^(ENOTFOUND|EAI_\w+)$/,
    why: 'its host name is not known: check "edge", and the name servers of this network',
  },
  { codes: /^ECONNREFUSED$/, why: 'it refuses the connection: check the address and port in "edge"' },
  {
    codes: /^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH|UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT|TimeoutError)$/,
    why: 'it does not answer: check the address in "edge", and whether this network lets it through',
  },
  { codes: /^CERT_HAS_EXPIRED$/, why: 'its TLS certificate has ended: renew it there' },
  { codes: /^CERT_NOT_YET_VALID$/, why: "its TLS certificate begins in the future: check this machine's clock" },
  {
    codes: /^ERR_TLS_CERT_ALTNAME_INVALID$/,
    why: 'its TLS certificate is for another name: check the name in "edge", or the certificate there',
  },
  {
    codes:
      /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT\w*))$/,
    why: 'nobody whom this machine trusts vouches for its TLS certificate: use one of a public authority, or name yours in NODE_EXTRA_CA_CERTS',
  },
  {
    codes: /^(ERR_SSL_\w+|EPROTO)$/,
    why: 'it does not speak TLS as expected: check whether "edge" should begin with http://',
  },
  {
    codes: /^(ECONNRESET|UND_ERR_SOCKET|HPE_\w+)$/,
    why: 'it does not speak HTTP: check whether "edge" should begin with https://',
  },
];

/** Why a request got no answer, and what to do. */
export function whyUnreachable(error: unknown): string {
  const code = error instanceof Error && error.name === 'TimeoutError' ? error.name : (codeOf(error) ?? '');
  return CAUSES.find(({ codes }) => codes.test(code))?.why ?? messageOf(error);
}
