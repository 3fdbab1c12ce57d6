/** What a server may have to offer. It declares each of them that has something in it, and no other. */
export type Capability = 'tools' | 'resources' | 'prompts' | 'completions' | 'tasks';

/** Who we are (MCP, "Implementation"). The version is package.json's: a test holds them together. */
export const serverInfo = { name: 'gatehouse', title: 'Gatehouse', version: '0.1.0' } as const;

/** For models, about the server as a whole. */
export const instructions =
  'Every call is identified, limited, authorised, validated and audited. A refusal says what is missing; after a ' +
  'rate limit, wait for retry_after seconds.';
