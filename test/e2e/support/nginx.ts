import { once } from 'node:events';
import { connect } from 'node:net';
import { execa } from 'execa';
import { writeCertificate } from './certificate.ts';
import { folderWith } from './fast-ll.ts';
import { onPath } from './programs.ts';

/** Debian has it where only root looks for programs. */
const PROGRAM = onPath('nginx') ?? onPath('../sbin/nginx');

/** Stories that need it are skipped, with a line that says why, where there is none. */
export const noNginx = PROGRAM === undefined || onPath('openssl') === undefined;
if (noNginx) console.warn('skipped what needs a reverse proxy: there is no nginx, or no openssl, on PATH');

/** Where nginx keeps what it collects: beside its configuration, instead of where only root may. */
const FOLDERS = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${name};`);

/**
 * nginx with this in its `http` block, listening on `port`; `cert.pem` and `cert.key` are beside its configuration. All else
 * is as it comes.
 */
export async function startNginx(port: number, http: string): Promise<AsyncDisposable> {
  const files = await folderWith({
    'nginx.conf': `daemon off; pid nginx.pid; events {} http { access_log off; ${FOLDERS.join(' ')} ${http} }`,
  });
  await writeCertificate(files.path('cert.key'), files.path('cert.pem'), '127.0.0.1');
  const nginx = execa(PROGRAM ?? 'nginx', ['-p', files.path('.'), '-c', files.path('nginx.conf'), '-e', 'stderr'], {
    reject: false,
  });
  await listening(port, nginx);
  return {
    async [Symbol.asyncDispose]() {
      nginx.kill('SIGTERM');
      await nginx;
      await files[Symbol.asyncDispose]();
    },
  };
}

/** @throws what a program said that ended instead */
async function listening(port: number, program: Promise<{ readonly stderr: string }>): Promise<void> {
  const ended = program.then(({ stderr }) => {
    throw new Error(`nginx ended: ${stderr}`);
  });
  for (;;) {
    const socket = connect(port, '127.0.0.1');
    const opened = once(socket, 'connect').then(
      () => true,
      () => false,
    );
    const isThere = await Promise.race([opened, ended]);
    socket.destroy();
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
