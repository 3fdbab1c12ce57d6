export { NonceStore, type Nonce } from './nonce-store.ts';
export { NoncesModule } from './nonces.module.ts';
