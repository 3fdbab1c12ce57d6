import { defineConfig, setting } from '#config';

/** Secrets that people and programs prove themselves by. In production they have to be there, and to be strong (SEN-7). */
export const signingSecretsConfig = defineConfig('signing-secrets', {
  jwtSecret: setting.secret({
    env: 'JWT_SECRET',
    aliases: ['JWT_SECRET_KEY'],
    description: 'Signs the tokens of users. 64 characters or more in production',
    minLength: 32, // RFC 7518, 3.2: a key of HS256 has at least the size of the hash.
  }),
  jwtPreviousSecret: setting.secret({
    env: 'JWT_PREVIOUS_SECRET',
    description: 'The JWT_SECRET before the last change: tokens that it signed are good until they expire',
    minLength: 32,
  }),
  messageSecret: setting.secret({
    env: 'MCP_SIG_SECRET',
    description: 'For signed messages, which no door takes yet; production asks for it already',
    minLength: 1,
  }),
  agentSecret: setting.secret({
    env: 'AGENT_SIG_SECRET',
    description: 'For signatures of agents, which no door takes yet; production asks for it already',
    minLength: 1,
  }),
  adminSecret: setting.secret({
    env: 'ADMIN_SECRET_KEY',
    description:
      'For the administration of signed messages; guards nothing yet, and production asks for it already',
    minLength: 1,
  }),
});
