import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports that a system takes for connections that go out: none of those comes between the look and the use. */
const FIRST = 12_000;
/** Each process looks in a block of its own, as far as there are enough, so that those who run side by side don't meet. */
const BLOCKS = 400;
const PORTS = 50;

const first = FIRST + (process.pid % BLOCKS) * PORTS;
let next = randomInt(PORTS);

/** A port of the loopback that nobody listened on a moment ago, and that no other process is told of meanwhile. */
export async function freePort(): Promise<number> {
  for (let tries = 0; tries < PORTS; tries++) {
    const port = first + (next++ % PORTS);
    if (await isFree(port)) return port;
  }
  throw new Error(`Each port from ${first} to ${first + PORTS - 1} is taken`);
}

async function isFree(port: number): Promise<boolean> {
  const probe = createServer().listen(port, '127.0.0.1');
  try {
    await once(probe, 'listening');
  } catch {
    return false;
  }
  probe.close();
  await once(probe, 'close');
  return true;
}
