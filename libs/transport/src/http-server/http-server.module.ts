import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import { ManagementListener } from './management-listener.ts';
import { RestErrorFilter } from './rest-error.filter.ts';

@Global()
@Module({
  providers: [ManagementListener, { provide: APP_FILTER, useClass: RestErrorFilter }],
  exports: [ManagementListener],
})
export class HttpServerModule {}
