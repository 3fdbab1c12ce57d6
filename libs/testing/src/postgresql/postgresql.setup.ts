import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { KeptPostgresql } from './kept-postgresql.ts';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Whoever connects there is told, as JSON, where PostgreSQL is (KeeperAnswer). It starts when it is first asked for. */
    postgresqlDesk: number;
  }
}

/** Vitest's global set-up: one PostgreSQL for the whole run, if any suite wants it, gone when the run ends. */
export default async function ({ provide }: TestProject): Promise<() => Promise<void>> {
  let server: Promise<KeptPostgresql> | undefined;
  const desk = createServer((socket) => {
    socket.on('error', () => undefined);
    server ??= KeptPostgresql.start();
    void server.then(({ answer }) => socket.end(JSON.stringify(answer)));
  });
  desk.listen(0, '127.0.0.1');
  await once(desk, 'listening');
  provide('postgresqlDesk', (desk.address() as AddressInfo).port);

  return async () => {
    desk.close();
    await (await server)?.stop();
  };
}
