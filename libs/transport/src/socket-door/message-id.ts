import type { SocketCall } from './socket-call.ts';

/** What of a message the door itself must know: whom an answer is for that the dispatcher does not give. */
export function identify(one: SocketCall, message: unknown): void {
  if (typeof message !== 'object' || message === null || !('method' in message)) return;
  const id = 'id' in message ? message.id : undefined;
  if (typeof id === 'string' || typeof id === 'number') one.id = id;
  one.silent = id === undefined;
}
