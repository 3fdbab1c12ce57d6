import { afterAll, beforeAll } from 'vitest';
import { ValkeyServer, type ValkeyOptions } from './valkey-server.ts';

/** The first suite may have to wait for a server to be installed. */
const SETUP_TIMEOUT_MS = 600_000;

/** In a `describe`: one server for all its tests, removed after them. The function gives it. */
export function useValkey(options?: ValkeyOptions): () => ValkeyServer {
  let server: ValkeyServer | undefined;
  beforeAll(async () => {
    server = await ValkeyServer.start(options);
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => server?.remove());
  return () => {
    if (!server) throw new Error('The server is there while tests run, not before');
    return server;
  };
}
