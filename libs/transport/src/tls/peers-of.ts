import type { Socket } from 'node:net';

/** The same for a connection before and after its handshake, which are two objects. */
export function peersOf({ localPort, remoteAddress, remotePort }: Socket): string {
  return `${localPort} ${remoteAddress} ${remotePort}`;
}
