import { execa } from 'execa';

/** A self-signed certificate with its key, as people make it for a machine of their own. */
export async function writeCertificate(keyFile: string, certificateFile: string): Promise<void> {
  const subject = ['-subj', '/CN=device.owndevice.net', '-days', '2'];
  await execa('openssl', [
    ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject],
    ...['-keyout', keyFile, '-out', certificateFile],
  ]);
}
