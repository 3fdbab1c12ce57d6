import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** Whoever connects there is told, as JSON, where PostgreSQL is (KeeperAnswer). It starts when it is first asked for. */
    postgresqlDesk: number;
  }
}

/** Vitest's global set-up: one PostgreSQL for the whole run, if any suite wants it, gone when the run ends. */
export default async function ({ provide }: TestProject): Promise<() => Promise<void>> {
  let keeper: ChildProcess | undefined;
  let answer: Promise<string> | undefined;
  const ask = async (): Promise<string> => {
    keeper = spawn(process.execPath, [new URL('keeper.ts', import.meta.url).pathname], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const lines = createInterface(keeper.stdout!);
    const first = await Promise.race([once(lines, 'line'), once(keeper, 'exit')]);
    return typeof first[0] === 'string' ? first[0] : JSON.stringify({ failure: 'its keeper ended' });
  };

  const desk = createServer((socket) => {
    socket.on('error', () => undefined);
    answer ??= ask();
    void answer.then((line) => socket.end(line));
  });
  desk.listen(0, '127.0.0.1');
  await once(desk, 'listening');
  provide('postgresqlDesk', (desk.address() as AddressInfo).port);

  return async () => {
    desk.close();
    if (!keeper || keeper.exitCode !== null) return;
    keeper.stdin!.end();
    await once(keeper, 'exit');
  };
}
