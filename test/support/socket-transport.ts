import type { Transport } from '@modelcontextprotocol/client';
import type { Told } from './socket-client.ts';
import { TcpClient, WebSocketClient, type SocketClient } from './socket-client.ts';
import type { TestGateway } from './gateway.ts';

/** What the official clients speak over, where their packages have nothing of their own for a door. */
export class SocketTransport implements Transport {
  onclose?: () => void;
  onerror?: (error: Error) => void;
  onmessage?: Transport['onmessage'];
  #client: SocketClient | undefined;

  constructor(private readonly open: () => Promise<SocketClient>) {}

  async start(): Promise<void> {
    this.#client = await this.open();
    this.#client.onTold = (told: Told) => this.onmessage?.(told as never);
    void this.#client.over.then(() => this.onclose?.());
  }

  async send(message: unknown): Promise<void> {
    this.#client!.send(JSON.stringify(message));
  }

  async close(): Promise<void> {
    this.#client?.drop();
    await this.#client?.over;
  }
}

export type SocketDoorName = 'ws' | 'tcp';

/** A connection to one of the doors where it lasts, as the holder of a key. */
export function openSocket(
  { gateway }: Pick<TestGateway, 'gateway'>,
  door: SocketDoorName,
  key: string,
): Promise<SocketClient> {
  return door === 'ws'
    ? WebSocketClient.open(`ws://127.0.0.1:${gateway.webSocketPort}/ws`, { key })
    : TcpClient.open(gateway.tcpPort!, key);
}
