import type { Child } from './child.ts';
import { Connection } from './connection.ts';
import { exchange, shakeHands } from './handshake.ts';
import { requestOf } from './load.ts';

const AT_ONCE = 16;

/** The headers by which its client comes back to it. */
export type OpenSession = Readonly<Record<string, string>>;

/** Opens and ends sessions as clients of 2025 do. */
export class SessionOpener {
  readonly #child: Child;

  constructor(child: Child) {
    this.#child = child;
  }

  /** So many, by all the clients that the server knows in turns. */
  async open(count: number): Promise<OpenSession[]> {
    const { keys, port } = this.#child;
    const owners = Array.from({ length: count }, (_, index) => keys[index % keys.length]!);
    const opened: OpenSession[] = [];
    await this.#each(owners, async (key, by) => {
      const session = await shakeHands(by, { port, headers: { authorization: `Bearer ${key}` } });
      if (!('mcp-session-id' in session)) throw new Error('There is no session');
      opened.push(session);
    });
    return opened;
  }

  async end(sessions: readonly OpenSession[]): Promise<void> {
    const { port } = this.#child;
    await this.#each(sessions, async (headers, by) => {
      await exchange(by, requestOf({ port, method: 'DELETE', headers }));
    });
  }

  async #each<T>(items: readonly T[], act: (item: T, by: Connection) => Promise<void>): Promise<void> {
    const left = items.values();
    const worker = async (): Promise<void> => {
      const connection = await Connection.open(this.#child.port);
      try {
        for (const item of left) await act(item, connection);
      } finally {
        connection.close();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, worker));
  }
}
