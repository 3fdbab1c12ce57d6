/** Where in AWS Secrets Manager a secret is, below the prefix, and which of its versions. */
export interface SecretEntry {
  readonly entry: string;
  /** Secrets Manager moves the label AWSPREVIOUS to the version that a rotation has replaced. */
  readonly stage: 'AWSCURRENT' | 'AWSPREVIOUS';
  /** The setting that holds the version after this one. */
  readonly successor?: string;
}

/** By the name of the setting. The first six are those of RAG-22. */
const entries: Readonly<Record<string, string>> = {
  DATABASE_URL: 'database/url',
  DATABASE_PASSWORD: 'database/password',
  VALKEY_URL: 'redis/url',
  OPENAI_API_KEY: 'api-keys/openai',
  ANTHROPIC_API_KEY: 'api-keys/anthropic',
  JWT_SECRET: 'application/jwt-secret',
  VALKEY_STATE_URL: 'redis/state-url',
  VALKEY_PASSWORD: 'redis/password',
  EMBEDDINGS_API_KEY: 'api-keys/embeddings',
  GATEHOUSE_API_KEY: 'application/admin-api-key',
  API_KEY_PEPPER: 'application/api-key-pepper',
  REQUEST_STATE_SECRET: 'application/request-state-secret',
  MCP_SIG_SECRET: 'application/mcp-sig-secret',
  AGENT_SIG_SECRET: 'application/agent-sig-secret',
  ADMIN_SECRET_KEY: 'application/admin-secret-key',
  AUDIT_SIGNING_KEY: 'application/audit-signing-key',
  ENCRYPTION_KEY: 'application/encryption-key',
  WS_AUTH_TOKEN: 'application/ws-auth-token',
  TCP_AUTH_TOKEN: 'application/tcp-auth-token',
};

/** Which secret's former version it is. */
const predecessors: Readonly<Record<string, string>> = {
  JWT_PREVIOUS_SECRET: 'JWT_SECRET',
  API_KEY_PREVIOUS_PEPPER: 'API_KEY_PEPPER',
  REQUEST_STATE_PREVIOUS_SECRET: 'REQUEST_STATE_SECRET',
  ENCRYPTION_PREVIOUS_KEYS: 'ENCRYPTION_KEY',
};

/** Undefined for what is not kept there. */
export function entryOf(name: string): SecretEntry | undefined {
  const successor = predecessors[name];
  const entry = entries[successor ?? name];
  if (entry === undefined) return undefined;
  return successor === undefined
    ? { entry, stage: 'AWSCURRENT' }
    : { entry, stage: 'AWSPREVIOUS', successor };
}

/** Whether the setting holds what another one held before. */
export function isPredecessor(name: string): boolean {
  return name in predecessors;
}
