import type {
  ApiKeyView,
  CreateKey,
  IssuedKeyView,
  KeyListView,
  ListKeys,
  RevokeKey,
  RotateKey,
} from '#identity';

/** What can be done with keys: by the gateway, or on its database while it is stopped. */
export interface KeyAdmin {
  create(order: CreateKey): Promise<IssuedKeyView>;
  list(page: ListKeys): Promise<KeyListView>;
  rotate(order: RotateKey): Promise<IssuedKeyView>;
  revoke(order: RevokeKey): Promise<ApiKeyView>;
}
