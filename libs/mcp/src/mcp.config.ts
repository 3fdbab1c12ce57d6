import { defineConfig, setting } from '#config';

export const mcpConfig = defineConfig('mcp', {
  stateSecret: setting.secret({
    env: 'REQUEST_STATE_SECRET',
    description:
      'Seals what a call that waits for answers of its client leaves with it; the same on all replicas. Without it, each process has its own',
    minLength: 32,
  }),
  previousStateSecret: setting.secret({
    env: 'REQUEST_STATE_PREVIOUS_SECRET',
    description: 'The REQUEST_STATE_SECRET before the last change: still opens what it has sealed',
    minLength: 32,
  }),
  answerTimeoutMs: setting.integer({
    env: 'CLIENT_ANSWER_TIMEOUT_MS',
    description: 'Time that a client of 2025 has to answer what a tool asks it, in milliseconds',
    default: 300_000,
    min: 100,
    max: 3_600_000,
  }),
  sessionTimeoutMs: setting.integer({
    env: 'SESSION_TIMEOUT',
    description: 'Time after which an unused MCP session ends, in milliseconds',
    default: 1_800_000,
    min: 1000,
    max: 86_400_000,
  }),
  sessionsPerClient: setting.integer({
    env: 'MAX_CONCURRENT_SESSIONS',
    description:
      'MCP sessions of one client at most, and open subscriptions; the session that rested longest ends',
    default: 10,
    min: 1,
    max: 10_000,
  }),
  sessions: setting.integer({
    env: 'MAX_SESSIONS',
    description: 'MCP sessions of all clients together at most; the session that rested longest ends',
    default: 20_000,
    min: 1,
    max: 1_000_000,
  }),
  listPageSize: setting.integer({
    env: 'MCP_LIST_PAGE_SIZE',
    description: 'Tools, resources or prompts on one page of a list',
    default: 250,
    min: 1,
    max: 10_000,
  }),
});
