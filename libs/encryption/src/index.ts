export { CannotOpen } from './cannot-open.ts';
export { encryptionConfig } from './encryption.config.ts';
export { EncryptionModule } from './encryption.module.ts';
export { Envelope } from './envelope.ts';
export { EncryptionKey } from './keys/encryption-key.ts';
export { KeyRing } from './keys/key-ring.ts';
export type { SealContext } from './sealed-text.ts';
