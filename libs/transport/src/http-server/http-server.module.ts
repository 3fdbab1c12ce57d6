import { Global, Module } from '@nestjs/common';
import { APP_FILTER } from '@nestjs/core';
import type { ConfigOf } from '#config';
import { ConnectionsModule } from '#connections';
import { httpConfig } from './http.config.ts';
import { oauthConfig, OAuthModule, PublicUrl } from '#oauth';
import { OAuthController } from '../authorization/oauth.controller.ts';
import { OAuthPagesController } from '../authorization/oauth-pages.controller.ts';
import { Doorstep } from './doorstep.ts';
import { ManagementListener } from './management-listener.ts';
import { ProtectedResourceController } from './protected-resource.controller.ts';
import { ProtectedResourceMetadata } from './protected-resource.ts';
import { RestErrorFilter } from './rest-error.filter.ts';

const metadata = {
  provide: ProtectedResourceMetadata,
  inject: [httpConfig.KEY, oauthConfig.KEY],
  useFactory: (
    { publicUrl: url }: ConfigOf<typeof httpConfig>,
    { externalIssuer }: ConfigOf<typeof oauthConfig>,
  ) => new ProtectedResourceMetadata(url, externalIssuer),
};

/** For the parts below, which know no door. */
const publicUrl = { provide: PublicUrl, useExisting: ProtectedResourceMetadata };

@Global()
@Module({
  imports: [OAuthModule, ConnectionsModule],
  controllers: [ProtectedResourceController, OAuthController, OAuthPagesController],
  providers: [
    Doorstep,
    ManagementListener,
    metadata,
    publicUrl,
    { provide: APP_FILTER, useClass: RestErrorFilter },
  ],
  exports: [Doorstep, ManagementListener, ProtectedResourceMetadata, PublicUrl],
})
export class HttpServerModule {}
