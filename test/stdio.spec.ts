import { mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { Client as OldClient } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as OldTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { databases, type TestDatabase } from '#testing';
import { auditRecords, journalEntries } from './support/audit-records.ts';
import { ROOT } from './support/root.ts';
import { gatehouse } from './support/run.ts';

const CLI = join(ROOT, 'apps/cli/bin/gatehouse.js');
const info = { name: 'test', version: '1' };
const REQUESTS = [
  { id: 1, method: 'ping' },
  { id: 2, method: 'tools/call', params: { name: 'get_conversations', arguments: {} } },
  {
    id: 3,
    method: 'tools/call',
    params: { name: 'delete_conversation', arguments: { conversation_id: 'c' } },
  },
];
const input = REQUESTS.map((request) => `${JSON.stringify({ jsonrpc: '2.0', ...request })}\n`).join('');

interface Told {
  id: number;
  result?: Record<string, unknown>;
  error?: { message: string; data: Record<string, unknown> };
}

function linesOf(out: string): Told[] {
  const told = out.split('\n').filter((line) => line !== '');
  return told.map((line) => JSON.parse(line) as Told).toSorted((a, b) => a.id - b.id);
}

describe('gatehouse stdio', { timeout: 120_000 }, () => {
  let database: TestDatabase;
  beforeAll(async () => {
    database = await databases[0]!.create();
  });
  afterAll(() => database.remove());

  it('answers all that was asked before its input ended, as an employee, and logs on standard error alone', async () => {
    const { code, out, err } = await gatehouse(['stdio'], {
      env: { ...database.env, LOG_LEVEL: 'debug' },
      input,
    });
    expect(code).toBe(0);
    const told = linesOf(out);
    expect(told).toMatchObject([{ result: {} }, { result: { structuredContent: { total: 0 } } }, { id: 3 }]);
    // It may not delete: to it, there is no such tool.
    expect(told[2]!.error!.message).toContain('Unknown tool');
    expect(err).toContain('"door":"stdio"');
    const records = auditRecords(database.env['DATA_DIR']!);
    expect(records[0]).toMatchObject({ event: 'connection_established', principal: { role: 'employee' } });
    expect(records.map((one) => [one['door'], one.operation, one.code].join(' ')).toSorted()).toEqual([
      'stdio connections.open ',
      'stdio conversations.delete ACCESS_REFUSED',
      'stdio conversations.list ',
      'stdio mcp.ping ',
    ]);
    expect(journalEntries(database.env['DATA_DIR']!).slice(-2)).toMatchObject([
      { event: 'connection_closed', notes: { calls: 3, reason: 'The client has gone' } },
      { event: 'server_shutdown' },
    ]);
  });

  it('is who its key says, and nobody where the key is none', async () => {
    const made = await gatehouse(['keys', 'create', 'local', '--role', 'auditor', '--local', '--json'], {
      env: database.env,
    });
    const { key } = JSON.parse(made.out) as { key: string };
    const folder = mkdtempSync(join(database.env['DATA_DIR']!, 'keys-'));
    const file = join(folder, 'key');
    writeFileSync(file, `${key}\n`);
    const [first] = REQUESTS;
    const own = { input: `${JSON.stringify({ jsonrpc: '2.0', ...first })}\n` };
    for (const [args, env] of [
      [['--key-file', file], {}],
      [[], { GATEHOUSE_API_KEY: key }],
    ] as const) {
      const { code, out } = await gatehouse(['stdio', ...args], { env: { ...database.env, ...env }, ...own });
      expect({ code, told: linesOf(out) }).toMatchObject({ code: 0, told: [{ id: 1, result: {} }] });
      expect(auditRecords(database.env['DATA_DIR']!).at(-1)).toMatchObject({
        principal: { role: 'auditor' },
      });
    }
    const wrong = { ...database.env, GATEHOUSE_API_KEY: `gk_${'0'.repeat(39)}` };
    const refused = await gatehouse(['stdio'], { env: wrong, ...own });
    expect(refused).toMatchObject({ code: 4, out: '' });
    expect(refused.err).toContain('Invalid API key');
  });

  it.each([
    [
      'client 2, by discovery',
      () => new Client(info, { versionNegotiation: { mode: 'auto' } }),
      StdioClientTransport,
    ],
    [
      'client 2, by handshake',
      () => new Client(info, { versionNegotiation: { mode: 'legacy' } }),
      StdioClientTransport,
    ],
    ['client 1', () => new OldClient(info), OldTransport],
  ] as const)('serves the official %s', async (_, make, Transport) => {
    const client = make();
    const env = { PATH: process.env['PATH']!, LOG_LEVEL: 'silent', ...database.env };
    const transport = new Transport({ command: process.execPath, args: [CLI, 'stdio'], env });
    await (client as Client).connect(transport);
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toContain('search_conversations');
    const conversation = { conversation_id: 'local', content: 'It waits in Porto.' };
    await client.callTool({ name: 'ingest_conversation', arguments: conversation });
    const found = await client.callTool({ name: 'search_conversations', arguments: { query: 'Porto' } });
    expect(JSON.stringify(found.structuredContent)).toContain('local');
    await client.close();
  });
});
