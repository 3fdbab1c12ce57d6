import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Proxy {
  readonly url: string;
  close(): Promise<void>;
}

/** The suite can't send a credential, so this stands before the gateway and adds one. All else passes as it came. */
export async function openProxy(target: string, key: string): Promise<Proxy> {
  const server = createServer((incoming, outgoing) => pass(incoming, outgoing, { target, key }));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function pass(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { target, key }: { target: string; key: string },
): void {
  const { method, url = '/' } = incoming;
  const headers = { ...incoming.headers, authorization: `Bearer ${key}` };
  const onward = request(new URL(url, target), { method, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
    outgoing.flushHeaders();
    answer.pipe(outgoing);
    answer.once('close', () => outgoing.end());
  });
  onward.once('error', () => outgoing.destroy());
  // The suite ends a stream by going away, and the gateway must see that.
  outgoing.once('close', () => onward.destroy());
  incoming.pipe(onward);
}
