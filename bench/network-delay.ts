import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';

/** How long bytes are under way, one way, in milliseconds: `least`, and up to `jitter` more. */
export interface Delay {
  readonly least: number;
  readonly jitter: number;
}

/**
 * A line that holds bytes on their way to a port of this machine and back; they stay in order. It delays what is sent, not
 * packets: TCP's handshake with it is quick, and so is making good for a lost packet.
 * @param host to listen on @returns its port
 */
export async function delayLine(to: number, host: string, delay: Delay, opened: AsyncDisposableStack): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((near) => {
    const far = connect({ port: to, host: '127.0.0.1' });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('close', () => sockets.delete(socket));
      socket.on('error', () => {});
    }
    forward(near, far, delay);
    forward(far, near, delay);
  }).listen(0, host);
  await once(server, 'listening');
  opened.defer(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return (server.address() as AddressInfo).port;
}

/** Whatever comes `from` one goes `to` the other when it is due: bytes, their end, and that it broke. */
function forward(from: Socket, to: Socket, { least, jitter }: Delay): void {
  const held: { readonly due: number; readonly act: () => void }[] = [];
  let timer: NodeJS.Timeout | undefined;
  const release = (): void => {
    timer = undefined;
    for (let next = held[0]; next !== undefined && next.due <= performance.now(); next = held[0]) {
      held.shift();
      next.act();
    }
    const [next] = held;
    if (next !== undefined) timer = setTimeout(release, Math.max(0, next.due - performance.now()));
  };
  const hold = (act: () => void): void => {
    const due = Math.max(performance.now() + least + jitter * Math.random(), held.at(-1)?.due ?? 0);
    held.push({ due, act });
    if (timer === undefined) release();
  };
  from.on('data', (bytes) =>
    hold(() => {
      if (!to.write(bytes)) from.pause();
    }),
  );
  to.on('drain', () => from.resume());
  from.on('end', () => hold(() => to.end()));
  from.on('close', () => hold(() => to.destroy()));
}
