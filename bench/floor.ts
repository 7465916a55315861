import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/**
 * The least that a relay can do: a Node server that holds GETs until the PUT of the same path opens and writes each of
 * its chunks to all of them. No states, no resuming, no tokens. What Fast-ll is compared with.
 */
interface Relay {
  readonly pieces: Buffer[];
  readonly readers: Set<ServerResponse>;
  over: boolean;
}
const relays = new Map<string, Relay>();

const relayOf = (path: string): Relay => {
  const found = relays.get(path) ?? { pieces: [], readers: new Set(), over: false };
  relays.set(path, found);
  return found;
};

const server = createServer((request, response) => {
  const relay = relayOf(request.url ?? '');
  if (request.method === 'PUT') {
    for (const reader of relay.readers) reader.flushHeaders();
    request.on('data', (piece: Buffer) => {
      relay.pieces.push(piece);
      for (const reader of relay.readers) reader.write(piece);
    });
    request.on('end', () => {
      relay.over = true;
      for (const reader of relay.readers) reader.end();
      response.writeHead(201).end();
      setTimeout(() => relays.delete(request.url ?? ''), 5000);
    });
    return;
  }
  response.on('close', () => relay.readers.delete(response));
  for (const piece of relay.pieces) response.write(piece);
  if (relay.over) response.end();
  else relay.readers.add(response);
});
server.listen(0, '127.0.0.1', () => process.stdout.write(`${(server.address() as AddressInfo).port}\n`));
