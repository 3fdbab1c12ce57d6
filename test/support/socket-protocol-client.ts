import { ProtocolClient, type Begun, type Message, type Told } from './protocol-client.ts';
import type { SocketClient } from './socket-client.ts';

/** All messages on one connection. */
export class SocketProtocolClient extends ProtocolClient {
  constructor(
    readonly socket: SocketClient,
    /** Whether the connection is its own, and ends with it; else others have it before and after. */
    private readonly owns: boolean,
    ...era: ConstructorParameters<typeof ProtocolClient>
  ) {
    super(...era);
    socket.onTold = (told) => this.take(told);
    void socket.over.then(() => this.lost());
  }

  override cancel({ id }: Begun): Promise<void> {
    return this.notify('notifications/cancelled', { requestId: id });
  }

  override async close(): Promise<void> {
    if (this.owns) {
      this.socket.drop();
      await this.socket.over;
    } else await this.giveUp();
    this.lost();
  }

  /** What the session of a client of 2025 is told, that had the connection before, is not for one of 2026-07-28. */
  protected override take(told: Told): void {
    const isOfAnother =
      !this.owns && this.modern && told.method !== undefined && told.params?.['_meta'] === undefined;
    if (!isOfAnother || !/(updated|list_changed)$/.test(told.method!)) super.take(told);
  }

  protected override async send(message: Message): Promise<void> {
    this.socket.send(JSON.stringify(message));
  }
}
