import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import type { Milliseconds } from '../../protocol/units.ts';
import { BAD_INPUT, messageOf, UserError } from '../errors.ts';
import { decodeText } from './decode-text.ts';
import { readBytes, type Config } from './load.ts';

/** Key and certificate of the embedded edge: they belong together. */
export interface Https {
  /** PEM. */
  readonly key: string;
  /** PEM: the edge's own certificate, then those of the authorities in between, if the file has them. */
  readonly cert: string;
  /** The edge's own, by which its agent knows it, whoever has signed it. */
  readonly own: X509Certificate;
  /** What browsers won't like. */
  readonly warning: string | undefined;
}

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[^-]+-----END (?:TRUSTED |X509 )?CERTIFICATE-----/g;
const KEY = /-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----[^-]+-----END (?:[A-Z]+ )?PRIVATE KEY-----/;
const ENCRYPTED_KEY = /-----BEGIN ENCRYPTED PRIVATE KEY-----|^Proc-Type: 4,ENCRYPTED/m;

/** As the configuration names them, read; undefined for HTTP. @param now wall time @throws UserError */
export async function httpsOf(
  { sslKeyFile, sslCertFile }: Pick<Config, 'sslKeyFile' | 'sslCertFile'>,
  now: Milliseconds,
): Promise<Https | undefined> {
  if (sslKeyFile === undefined || sslCertFile === undefined) return undefined;
  const key = keyIn(await readPem(sslKeyFile), sslKeyFile);
  const certificates = certificatesIn(await readPem(sslCertFile), sslCertFile);
  const own = certificates.find((one) => one.checkPrivateKey(key));
  if (own === undefined) {
    throw wrong(sslKeyFile, `expected the key of the certificate in ${sslCertFile}, got the key of another one`);
  }
  return {
    key: key.export({ type: 'pkcs8', format: 'pem' }).toString(),
    // The edge's own has to come first; not all files have it so.
    cert: [own, ...certificates.filter((one) => one !== own)].map((one) => one.toString()).join(''),
    own,
    warning: warningOf(own, sslCertFile, now),
  };
}

/** What is no text is shown as what it is instead. */
async function readPem(file: string): Promise<string> {
  const bytes = await readBytes(file);
  const text = decodeText(bytes);
  return typeof text === 'string' ? text : bytes.toString('latin1');
}

function keyIn(text: string, file: string): KeyObject {
  if (ENCRYPTED_KEY.test(text)) {
    throw wrong(
      file,
      'expected a key without a passphrase, got one that is encrypted: make one with "openssl pkey -in … -out …"',
    );
  }
  const [pem] = KEY.exec(text) ?? [];
  if (pem === undefined) throw wrong(file, `expected a private key (PEM), got ${kindOf(text)}`);
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw wrong(file, `expected a private key (PEM), got one that can't be read: ${messageOf(error)}`);
  }
}

function certificatesIn(text: string, file: string): X509Certificate[] {
  const pems = text.match(CERTIFICATE);
  if (pems === null) throw wrong(file, `expected a certificate (PEM), got ${kindOf(text)}`);
  return pems.map((pem) => {
    try {
      return new X509Certificate(pem);
    } catch (error) {
      throw wrong(file, `expected a certificate (PEM), got one that can't be read: ${messageOf(error)}`);
    }
  });
}

/** By the first line of its first block: nothing of a key. */
function kindOf(text: string): string {
  if (text.trim() === '') return 'an empty file';
  const label = /-----BEGIN ([A-Z0-9 ]{1,40})-----/.exec(text)?.[1];
  return label === undefined ? 'something else (DER, perhaps)' : `a ${label}`;
}

function warningOf(
  { validFromDate, validToDate }: X509Certificate,
  file: string,
  now: Milliseconds,
): string | undefined {
  const day = (date: Date): string => date.toISOString().slice(0, 10);
  if (validToDate.getTime() <= now) return `${file}: the certificate ended on ${day(validToDate)}: browsers refuse it`;
  if (validFromDate.getTime() > now) {
    return `${file}: the certificate begins on ${day(validFromDate)}, if this machine's clock is right: browsers refuse it until then`;
  }
  return undefined;
}

const wrong = (file: string, what: string): UserError => new UserError(`${file}: ${what}`, BAD_INPUT);
