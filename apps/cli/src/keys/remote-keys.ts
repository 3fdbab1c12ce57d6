import type {
  ApiKeyView,
  CreateKey,
  IssuedKeyView,
  KeyListView,
  ListKeys,
  RevokeKey,
  RotateKey,
} from '#identity';
import type { ApiClient } from '../api-client.ts';
import type { KeyAdmin } from './key-admin.ts';

/** Asks a running gateway. */
export class RemoteKeys implements KeyAdmin {
  readonly #client: ApiClient;

  constructor(client: ApiClient) {
    this.#client = client;
  }

  create(order: CreateKey): Promise<IssuedKeyView> {
    return this.#client.request('POST', '/admin/keys', { body: order });
  }

  list({ skip, limit }: ListKeys): Promise<KeyListView> {
    return this.#client.request('GET', '/admin/keys', { query: { skip, limit } });
  }

  rotate({ id, ...order }: RotateKey): Promise<IssuedKeyView> {
    return this.#client.request('POST', `/admin/keys/${encodeURIComponent(id)}/rotate`, { body: order });
  }

  revoke({ id, force }: RevokeKey): Promise<ApiKeyView> {
    return this.#client.request('DELETE', `/admin/keys/${encodeURIComponent(id)}`, { query: { force } });
  }
}
