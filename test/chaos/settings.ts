import type { CheckedLimit } from './limit-checks.ts';

/** Only for these runs: the server of each lives as long as they do. */
export const ADMIN_KEY = 'only-for-chaos-0123456789-abcdefghijklmnopqrs';
export const VALKEY_USER = 'gatehouse';
export const VALKEY_PASSWORD = 'chaos-password-0123456789';

/** Short, so that a fault outlasts it, and many go by in a run. */
const WINDOW_SECONDS = 1;
const CLIENT_MAX = 30;
const ADDRESS_MAX = 36;
const GLOBAL_MAX = 70;
const SEARCHES_MAX = 10;

/** Limits that the load of all clients together passes several times. */
export const tightLimits: Readonly<Record<string, string>> = {
  RATE_LIMIT_CLIENT_MAX: String(CLIENT_MAX),
  RATE_LIMIT_CLIENT_WINDOW: String(WINDOW_SECONDS),
  RATE_LIMIT_ADDRESS_MAX: String(ADDRESS_MAX),
  RATE_LIMIT_ADDRESS_WINDOW: String(WINDOW_SECONDS),
  RATE_LIMIT_GLOBAL_MAX: String(GLOBAL_MAX),
  RATE_LIMIT_GLOBAL_WINDOW: String(WINDOW_SECONDS),
  RATE_LIMIT_OPERATIONS: `conversations.search=${SEARCHES_MAX}/${WINDOW_SECONDS}`,
};

const windowMs = WINDOW_SECONDS * 1000;

/** The same, for the check. */
export const checkedLimits: readonly CheckedLimit[] = [
  { name: 'client', max: CLIENT_MAX, windowMs, subjectOf: ({ client }) => client },
  { name: 'address', max: ADDRESS_MAX, windowMs, subjectOf: ({ address }) => address },
  { name: 'global', max: GLOBAL_MAX, windowMs, subjectOf: () => 'everybody' },
  {
    name: 'conversations.search',
    max: SEARCHES_MAX,
    windowMs,
    subjectOf: ({ client, operation }) => (operation === 'conversations.search' ? client : undefined),
  },
];

/** What every gateway of a run has in common, but for where things are. */
export function gatewayEnv(replicas: number): Record<string, string> {
  return {
    LOG_LEVEL: 'warn',
    GATEHOUSE_API_KEY: ADMIN_KEY,
    API_KEY_PEPPER: 'only-for-chaos-pepper-0123456789-abcdefg',
    VALKEY_USERNAME: VALKEY_USER,
    VALKEY_PASSWORD,
    VALKEY_RETRY_MAX_MS: '500',
    RATE_LIMIT_REPLICAS: String(replicas),
    // Clients of several addresses, as behind a balancer, and some that get blocked over and over.
    TRUSTED_PROXIES: '127.0.0.1',
    BLOCK_DURATION: '1000',
    BLOCK_DURATION_MAX: '2000',
    AUTH_FAILURES_MAX: '1000000',
    // The load is refused all the time.
    MAX_REFUSED_CALLS: '100000000',
  };
}
