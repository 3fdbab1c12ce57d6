export type { SigningKeyListView } from './clients/oauth-admin.controller.ts';
export type {
  IssuedOAuthClientView,
  OAuthClientListView,
  OAuthClientView,
} from './clients/oauth-client.view.ts';
export type { ListedGrantView, OAuthGrantListView, OAuthGrantView } from './grants/oauth-grant.view.ts';
export { GrantsModule } from './grants/grants.module.ts';
export { oauthConfig } from './oauth.config.ts';
export { OAuthModule } from './oauth.module.ts';
export { Interactions, type Form } from './pages/interactions.ts';
export { PublicUrl } from './public-url.ts';
export { understood } from './server/authorization-request.ts';
export { AuthorizationServer } from './server/authorization-server.ts';
export type { OAuthAnswer, OAuthRequest } from './server/exchange.ts';
export { registrationOf } from './server/registration.ts';
