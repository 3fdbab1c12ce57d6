import { defineConfig, setting } from '#config';

export const oauthConfig = defineConfig('oauth', {
  externalIssuer: setting.optional({
    env: 'OIDC_ISSUER',
    description:
      'Issuer whose access tokens count, in place of the embedded authorization server, which is off then',
    pattern: /^https?:\/\/[^\s"?#]+$/,
    shape: 'an https URL, or an http one of this machine',
  }),
  audiences: setting.list({
    env: 'OIDC_AUDIENCE',
    description: 'Audiences of which an access token names one; the URLs of the API and of /mcp without it',
    default: [],
  }),
  roleClaim: setting.text({
    env: 'OIDC_ROLE_CLAIM',
    description: 'Claim of an external token that names a role; without the claim, the role is service',
    default: 'role',
    pattern: /^[\w:/.-]{1,128}$/,
    shape: 'the name of a claim',
  }),
  plainJwtsAllowed: setting.boolean({
    env: 'OIDC_PLAIN_JWT_ENABLED',
    description: 'Take tokens of the external issuer that are typed JWT, not at+jwt (RFC 9068)',
    default: false,
  }),
  registrationEnabled: setting.boolean({
    env: 'OAUTH_REGISTRATION_ENABLED',
    description: 'Let clients register themselves (RFC 7591), as those of 2025 want to',
    default: false,
  }),
  clientDocuments: setting.oneOf({
    env: 'OAUTH_CLIENT_DOCUMENTS',
    description:
      'Which clients may describe themselves by a document at their URL: none, those at public addresses, or in development also those of this machine',
    values: ['off', 'public', 'loopback'],
    default: 'public',
  }),
});
