import type { Readable, Writable } from 'node:stream';
import { allowed, Call } from '#call';
import { LineWire } from '../socket-door/line-wire.ts';
import type { SocketDoor } from '../socket-door/socket-door.ts';

/** Whoever has started the process is on this machine. */
const ADDRESS = '127.0.0.1';

export interface StdioOptions {
  readonly input: Readable;
  readonly output: Writable;
  readonly authorization: string;
  readonly maxMessageBytes: number;
}

/**
 * MCP over standard input and output (MCP, "stdio"): the one client is whoever has started the process. Resolves when its
 * input has ended and all that it has asked is answered. Throws what it is refused with.
 */
export async function serveStdio(
  door: SocketDoor,
  { input, output, authorization, maxMessageBytes }: StdioOptions,
): Promise<void> {
  const { handshakes, settlement, connections } = door.services;
  const id = connections.newId();
  const call = new Call({ door: 'stdio', address: ADDRESS, authorization });
  call.target = 'stdio';
  call.note('connection', id);
  await handshakes.walk('open', call);
  await settlement.settle(call, allowed(call, 200));
  const wire = new LineWire({ readable: input, writable: output, maxBytes: maxMessageBytes });
  await door.serve(wire, call, { id });
}
