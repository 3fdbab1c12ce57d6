import { hash } from 'node:crypto';
import { GatehouseError } from '#errors';
import type { Keyspace } from '#valkey';
import { NonceStore, type Nonce } from './nonce-store.ts';

/** Of all replicas. There is no way round it while it is away: a nonce that was used elsewhere must not pass here. */
export class ValkeyNonceStore extends NonceStore {
  constructor(private readonly connection: Keyspace) {
    super();
  }

  override async use({ sender, value, keepMs }: Nonce): Promise<boolean> {
    // Of a fixed length, whatever a stranger sends; the sender's length keeps "ab"+"c" and "a"+"bc" apart.
    const digest = hash('sha256', `${sender.length} ${sender}${value}`, 'base64url');
    const key = `${this.connection.namespace}:nonce:${digest}`;
    try {
      return (await this.connection.client.set(key, 1, 'PX', Math.max(1, Math.ceil(keepMs)), 'NX')) === 'OK';
    } catch (cause) {
      throw new GatehouseError('UNAVAILABLE', 'Nonces cannot be checked at the moment: try again', { cause });
    }
  }
}
