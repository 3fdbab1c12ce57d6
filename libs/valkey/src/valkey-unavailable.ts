/** The server is away, as far as this process can tell: the command was not sent, or nobody knows what became of it. */
export class ValkeyUnavailable extends Error {
  constructor(readonly reason: string) {
    super(`Valkey is away: ${reason}`);
    this.name = 'ValkeyUnavailable';
  }
}
