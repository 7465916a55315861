import { codeOf } from '../errors.ts';
import type { Failure } from '../media/failure.ts';
import type { OfferedMedia } from './offer.ts';

/** Thrown inside the client only: whoever uses it is given the {@link Failure}. */
export class CameraFailure extends Error {
  override readonly name = 'CameraFailure';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/*
 * What went wrong, in sentences for people. Nothing of what the camera said is repeated: it goes to whoever may watch.
 */

export const WRONG_CREDENTIALS: Failure = {
  kind: 'credentials',
  message: 'the camera refuses the user name or password: check "input"',
};
export const NO_CREDENTIALS: Failure = {
  kind: 'credentials',
  message: 'the camera wants a user name and password: put user:password@ before the host in "input"',
};
export const CONNECTION_ENDED: Failure = { kind: 'unreachable', message: 'the camera has ended the connection' };

export const AN_ERROR_OF_OURS: Failure = {
  kind: 'other',
  message: 'what the camera sends led to an error of Fast-ll: please report it',
};
export const WEB_SERVER: Failure = {
  kind: 'unusable',
  message: 'a web server answers there, no camera: check the port in "input"; it is mostly 554',
};
export const UNREACHABLE: Failure = {
  kind: 'unreachable',
  message: 'the camera can not be reached: check its address and the network',
};

const BUSY: Failure = {
  kind: 'busy',
  message: 'the camera serves as many as it can: end other connections to it, or take its second stream',
};
/** Why a request was not granted (RFC 2326, 7.1.1). */
export function refusal(method: string, status: number): Failure {
  switch (status) {
    case 401:
      return WRONG_CREDENTIALS;
    case 403:
      return { kind: 'credentials', message: 'the camera forbids this stream to this user: check "input"' };
    case 404:
    case 410:
      return { kind: 'absent', message: 'the camera has no stream at this path: check "input"' };
    case 453:
    case 503:
      return BUSY;
    case 454:
      return { kind: 'other', message: 'the camera has forgotten the session' };
    case 461:
      return { kind: 'unusable', message: 'the camera does not offer this transport: try "transport": "tcp" or "udp"' };
    default:
      return { kind: 'other', message: `the camera refuses ${method} (status ${status})` };
  }
}

/** Why there is no way to ask who may watch. @param offered names of schemes: letters, digits and dashes */
export function unknownScheme(offered: readonly string[]): Failure {
  const names = offered.map((name) => name.replaceAll(/[^\w -]/g, '').slice(0, 30)).slice(0, 4);
  const asks = names.length === 0 ? 'does not say how' : `asks for ${names.join(', ')}`;
  return {
    kind: 'unusable',
    message: `the camera wants to know who asks, but ${asks}: Basic and Digest (MD5, SHA-256) are known; set it to one of them`,
  };
}

/** Why there is no video to be had of what a camera offers. */
export function noVideo(media: readonly OfferedMedia[]): Failure {
  const encodings = media.filter(({ kind }) => kind === 'video').map(({ encoding }) => encoding);
  if (encodings.length === 0) return { kind: 'unusable', message: 'the camera sends no video' };
  const names = encodings.map((name) => name.replaceAll(/[^\w.-]/g, '').slice(0, 20)).filter((name) => name !== '');
  const what = names.length === 0 ? 'video of a kind it does not name' : names.slice(0, 4).join(', ');
  return { kind: 'unusable', message: `the camera sends ${what}, not H.264 or H.265: set it to one of them` };
}

/** Why a connection could not be made, or broke. */
export function connectionFailure(error: unknown, isTls: boolean): Failure {
  const code = codeOf(error) ?? '';
  switch (code) {
    case 'ECONNREFUSED':
      return {
        kind: 'unreachable',
        message: 'the camera refuses the connection: check the address and port in "input"',
      };
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return { kind: 'unreachable', message: 'the camera\'s host name is not known: check "input"' };
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
    case 'EHOSTDOWN':
    case 'ETIMEDOUT':
      return UNREACHABLE;
    case 'ECONNRESET':
    case 'EPIPE':
      return CONNECTION_ENDED;
    default:
      if (isTls && /^(?:ERR_SSL|ERR_TLS|EPROTO|ERR_OSSL)/.test(code)) {
        return {
          kind: 'unusable',
          message: `the camera does not speak TLS here (${code}): check the port, or use rtsp://`,
        };
      }
      return { kind: 'unreachable', message: `the camera's connection broke (${code === '' ? 'unknown' : code})` };
  }
}

export const noAnswer = (what: string, seconds: number): Failure => ({
  kind: 'unreachable',
  message: `the camera has not answered ${what} for ${seconds} s`,
});
