/**
 * TO BE EMPTIED, and then removed with its uses, once these have landed: names that the manifests may use although the
 * program does not declare them yet, and files that others add.
 */
export const settingsToCome: readonly string[] = [
  'WS_PORT',
  'TCP_PORT',
  'WS_AUTH_ENABLED',
  'WS_AUTH_TOKEN',
  'TCP_AUTH_TOKEN',
  'WS_MAX_CONNECTIONS',
  'TCP_MAX_CONNECTIONS',
  'WS_CONNECTION_TIMEOUT',
  'MAX_CONNECTIONS_PER_ADDRESS',
  'SSL_ENABLED',
  'SSL_CERT_PATH',
  'SSL_KEY_PATH',
  'HTTPS_REDIRECT_PORT',
  'MTLS_ENABLED',
  'MTLS_CA_PATH',
  'SECRETS_PREFIX',
  'AWS_REGION',
  'JWT_SECRET',
  'ENCRYPTION_KEY',
  'ENCRYPT_AT_REST',
  'MCP_SIG_SECRET',
  'AGENT_SIG_SECRET',
  'ADMIN_SECRET_KEY',
];
export const filesToCome: readonly string[] = ['docker/prometheus/rules/gatehouse.yml', 'docker/grafana'];
