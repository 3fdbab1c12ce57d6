import { defineConfig, setting } from '#config';

export const secretsConfig = defineConfig('secrets', {
  prefix: setting.optional({
    env: 'SECRETS_PREFIX',
    description:
      'Where in AWS Secrets Manager the secrets are that are set nowhere else, as in /mcp-demo/prod; without it AWS is not asked',
    pattern: /^[\w/+=.@-]{1,400}$/,
    shape: 'a path: letters, digits and /_+=.@-',
  }),
  region: setting.optional({
    env: 'AWS_REGION',
    description: 'Region of AWS Secrets Manager; else as AWS programs find theirs',
    pattern: /^[a-z0-9-]{1,64}$/,
    shape: 'a region, as in eu-west-1',
  }),
  endpoint: setting.url({
    env: 'AWS_ENDPOINT_URL_SECRETS_MANAGER',
    description: 'Another address of Secrets Manager: a VPC endpoint, or what speaks the same',
    protocols: ['http:', 'https:'],
  }),
  ttlMs: setting.duration({
    env: 'SECRETS_TTL',
    aliases: ['SECRETS_TTL_MS'],
    description: 'How soon a rotation in AWS Secrets Manager is seen',
    default: 300_000,
    min: 100,
    max: 86_400_000,
  }),
  timeoutMs: setting.integer({
    env: 'SECRETS_TIMEOUT_MS',
    description: 'How long AWS Secrets Manager may take for one secret, attempts included',
    default: 5_000,
    min: 100,
    max: 60_000,
  }),
  filePollMs: setting.duration({
    env: 'SECRETS_FILE_POLL',
    aliases: ['SECRETS_FILE_POLL_MS'],
    description: 'How often files of secrets are read again, where a change of their folder went unnoticed',
    default: 30_000,
    min: 100,
    max: 3_600_000,
  }),
});
