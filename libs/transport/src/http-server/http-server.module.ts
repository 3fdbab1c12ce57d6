import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { ConfigOf } from '#config';
import { httpConfig } from './http.config.ts';
import { ManagementListener } from './management-listener.ts';
import { ProtectedResourceController } from './protected-resource.controller.ts';
import { ProtectedResourceMetadata } from './protected-resource.ts';
import { RestErrorFilter } from './rest-error.filter.ts';

const metadata = {
  provide: ProtectedResourceMetadata,
  inject: [httpConfig.KEY],
  useFactory: ({ publicUrl }: ConfigOf<typeof httpConfig>) => new ProtectedResourceMetadata(publicUrl),
};

@Global()
@Module({
  controllers: [ProtectedResourceController],
  providers: [ManagementListener, metadata, { provide: APP_FILTER, useClass: RestErrorFilter }],
  exports: [ManagementListener, ProtectedResourceMetadata],
})
export class HttpServerModule {}
