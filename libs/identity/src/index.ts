export type { ApiKeyView, IssuedKeyView, KeyListView } from './api-key.view.ts';
export { ApiKeysController } from './api-keys.controller.ts';
export { CreateKey, ListKeys, RevokeKey, RotateKey } from './api-keys.dto.ts';
export { clientConfig } from './client.config.ts';
export { FirstKey } from './first-key.ts';
export { identityConfig } from './identity.config.ts';
export { IdentityGuard } from './identity.guard.ts';
export { IdentityModule } from './identity.module.ts';
export { resetKeys } from './reset-keys.ts';
