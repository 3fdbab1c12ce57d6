import { createServer } from 'node:net';
import { once } from 'node:events';
import { describe, expect, it } from 'vitest';
import { freePort } from './free-port.ts';

describe('a free port', () => {
  it('is told once in a while, and not where somebody listens', async () => {
    const ports = await Promise.all(Array.from({ length: 20 }, freePort));
    expect(new Set(ports).size).toBe(20);
    const server = createServer().listen(ports[0], '127.0.0.1');
    await once(server, 'listening');
    const later = await Promise.all(Array.from({ length: 49 }, freePort));
    expect(later).not.toContain(ports[0]);
    server.close();
  });
});
