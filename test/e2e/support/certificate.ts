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
