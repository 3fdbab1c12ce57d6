import {
  ApiKeysController,
  IdentityModule,
  resetKeys,
  type ApiKeyView,
  type CreateKey,
  type IssuedKeyView,
  type KeyListView,
  type ListKeys,
  type RevokeKey,
  type RotateKey,
} from '#identity';
import { Database } from '#persistence';
import type { KeyAdmin } from './key-admin.ts';
import { LocalGatehouse } from '../local-gatehouse.ts';

/** Works on the stores of a gateway that is stopped: for when no admin key is left. */
export class LocalKeys implements KeyAdmin {
  readonly #gatehouse: LocalGatehouse;

  private constructor(gatehouse: LocalGatehouse) {
    this.#gatehouse = gatehouse;
  }

  static during<T>(work: (keys: KeyAdmin) => Promise<T>): Promise<T> {
    return LocalGatehouse.during([IdentityModule], (gatehouse) => work(new LocalKeys(gatehouse)));
  }

  create(order: CreateKey): Promise<IssuedKeyView> {
    return this.#gatehouse.handle(ApiKeysController, 'create', order);
  }

  list(page: ListKeys): Promise<KeyListView> {
    return this.#gatehouse.handle(ApiKeysController, 'list', page);
  }

  rotate(order: RotateKey): Promise<IssuedKeyView> {
    return this.#gatehouse.handle(ApiKeysController, 'rotate', order);
  }

  revoke(order: RevokeKey): Promise<ApiKeyView> {
    return this.#gatehouse.handle(ApiKeysController, 'revoke', order);
  }
}

/** Revokes all keys and accepts the pepper in force. Answers how many were revoked. */
export function resetLocalKeys(): Promise<number> {
  const operation = { name: 'keys.reset', permission: 'keys:write', event: 'api_keys_reset' } as const;
  return LocalGatehouse.during([], (gatehouse) =>
    gatehouse.call(operation, {}, async (_, call) => {
      const revoked = await resetKeys(gatehouse.get(Database));
      call.note('revoked', revoked);
      return revoked;
    }),
  );
}
