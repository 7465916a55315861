import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';

/**
 * A self-signed certificate with its key, as people make it for a machine of their own.
 * @param address that it names besides
 */
export async function writeCertificate(keyFile: string, certificateFile: string, address?: string): Promise<void> {
  const also = address === undefined ? [] : ['-addext', `subjectAltName=IP:${address}`];
  const subject = ['-subj', '/CN=device.owndevice.net', '-days', '2', ...also];
  await execa('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject],
    ...['-keyout', keyFile, '-out', certificateFile],
  ]);
}

/** Files of a server whose certificate an authority has signed through one in between, as authorities do. */
export interface Signed {
  readonly key: string;
  readonly encryptedKey: string;
  readonly authority: string;
  readonly between: string;
  readonly leaf: string;
  /** Ended yesterday. */
  readonly expired: string;
}

/** @returns what is in the files */
export async function writeSigned(folder: string): Promise<Signed> {
  const at = (name: string): string => join(folder, name);
  const openssl = (...args: string[]) => execa('openssl', args, { cwd: folder });
  const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
  const signed = (name: string, by: string, days: number, extension: string): readonly string[] => [
    ...['x509', '-req', '-in', `${name}.csr`, '-CA', `${by}.pem`, '-CAkey', `${by}.key`, '-CAcreateserial'],
    ...['-days', String(days), '-extfile', `${extension}.ext`],
  ];
  await writeFile(at('between.ext'), 'basicConstraints=critical,CA:true\nkeyUsage=keyCertSign');
  await writeFile(at('leaf.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1');
  await openssl(
    'req',
    '-x509',
    ...newKey,
    '-subj',
    '/CN=An Authority',
    '-keyout',
    'authority.key',
    '-out',
    'authority.pem',
  );
  await openssl('req', '-new', ...newKey, '-subj', '/CN=In Between', '-keyout', 'between.key', '-out', 'between.csr');
  await openssl(...signed('between', 'authority', 2, 'between'), '-out', 'between.pem');
  await openssl('req', '-new', ...newKey, '-subj', '/CN=localhost', '-keyout', 'leaf.key', '-out', 'leaf.csr');
  await openssl(...signed('leaf', 'between', 2, 'leaf'), '-out', 'leaf.pem');
  await openssl(...signed('leaf', 'between', -1, 'leaf'), '-out', 'expired.pem');
  await openssl('pkey', '-in', 'leaf.key', '-aes256', '-passout', 'pass:secret', '-out', 'encrypted.key');
  const text = (name: string): Promise<string> => readFile(at(name), 'utf8');
  const [key, encryptedKey, authority, between, leaf, expired] = await Promise.all(
    ['leaf.key', 'encrypted.key', 'authority.pem', 'between.pem', 'leaf.pem', 'expired.pem'].map(text),
  );
  return {
    key: key!,
    encryptedKey: encryptedKey!,
    authority: authority!,
    between: between!,
    leaf: leaf!,
    expired: expired!,
  };
}
