import { Module } from '@nestjs/common';
import { StateConnection } from '#valkey';
import { MemoryNonceStore } from './memory-nonce-store.ts';
import { NonceStore } from './nonce-store.ts';
import { ValkeyNonceStore } from './valkey-nonce-store.ts';

const store = {
  provide: NonceStore,
  inject: [StateConnection],
  useFactory: (connection: StateConnection | undefined) =>
    connection ? new ValkeyNonceStore(connection) : new MemoryNonceStore(),
};

/** For whatever must not be said twice. With Valkey all replicas remember together, and only so. */
@Module({ providers: [store], exports: [NonceStore] })
export class NoncesModule {}
