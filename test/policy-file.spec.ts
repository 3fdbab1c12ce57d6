import { rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { databases, scratchFolder, type ScratchFolder } from '#testing';
import { journalEntries } from './support/audit-records.ts';
import { codeOf } from './support/doors.ts';
import { bootGateway, type TestGateway } from './support/gateway.ts';
import { LEGACY, MODERN } from './support/gateway-client.ts';

const LIMIT_MS = 5_000;

describe('POLICY_FILE', () => {
  let folder: ScratchFolder;
  let gateway: TestGateway;
  let file: string;
  let edits = 0;
  let keys: { auditor: string; service: string };

  beforeAll(async () => {
    folder = await scratchFolder();
    file = join(folder.path, 'policy.yaml');
    await writeFile(file, 'roles:\n');
    gateway = await bootGateway(databases[0]!, {
      env: { POLICY_FILE: file, RATE_LIMIT_CLIENT_MAX: '100000' },
    });
    keys = {
      auditor: await gateway.createKey({ role: 'auditor' }),
      service: await gateway.createKey({ role: 'service' }),
    };
  }, 120_000);
  afterAll(async () => {
    await gateway?.close();
    await folder?.remove();
  });
  beforeEach(() => edit('roles:\n'));

  /** As editors do it: whole or not at all. */
  async function edit(text: string): Promise<void> {
    await writeFile(`${file}.new`, `${text}# edit ${++edits}\n`);
    await rename(`${file}.new`, file);
    const before = news().length;
    await until(() => news().length > before);
  }
  const news = () => journalEntries(gateway.dataDir).filter(({ event }) => event?.startsWith('policy_'));

  const ask = () => gateway.client.rest('/rag/ask', { key: keys.service, body: { query: 'Where?' } });

  async function toolsOf(key: string, revision: string): Promise<string[]> {
    const { body } = await gateway.client.rpc('tools/list', {}, { key, revision });
    return (body as { result: { tools: { name: string }[] } }).result.tools.map(({ name }) => name);
  }

  it('opens to a role what it allows, and closes what it denies, at once and at every door', async () => {
    const ingest = { conversation_id: 'c', content: 'The parcel is late.' };
    const asAuditor = { key: keys.auditor, body: ingest };
    expect((await gateway.client.rest('/conversations/ingest', asAuditor)).status).toBe(403);
    await edit(
      'roles:\n  auditor: { allow: [tools:call, conversations:write] }\n  service: { deny: [conversations:delete] }\n',
    );
    expect((await gateway.client.rest('/conversations/ingest', asAuditor)).status).toBe(201);
    for (const revision of [MODERN, LEGACY]) {
      expect(await toolsOf(keys.auditor, revision)).toContain('ingest_conversation');
      expect(await toolsOf(keys.service, revision)).not.toContain('delete_conversation');
      const hidden = await gateway.client.tool(
        'delete_conversation',
        { conversation_id: 'c' },
        { key: keys.service, revision },
      );
      expect(codeOf(hidden)).not.toBe('ACCESS_REFUSED');
      expect((await gateway.recordOf(hidden))?.code).toBe('ACCESS_REFUSED');
    }
    await edit('roles: {}\n');
    for (const revision of [MODERN, LEGACY]) {
      expect(await toolsOf(keys.auditor, revision)).not.toContain('ingest_conversation');
      expect(await toolsOf(keys.service, revision)).toContain('delete_conversation');
    }
    expect((await gateway.client.rest('/conversations/ingest', asAuditor)).status).toBe(403);
  });

  it('lets who may make OAuth clients make none of another role than theirs', async () => {
    await edit('roles: { service: { allow: [oauth:write, keys:write] } }\n');
    const order = { name: 'A client', scopes: ['keys:write'] };
    const [asAdmin, asService] = await Promise.all(
      ['admin', 'service'].map((role) =>
        gateway.client.rest('/admin/oauth/clients', { key: keys.service, body: { ...order, role } }),
      ),
    );
    expect(codeOf(asAdmin!)).toBe('ACCESS_REFUSED');
    expect(asService!.status).toBe(201);
  });

  it('keeps the rules in force when an edit is bad, and says why in the record', async () => {
    await edit('roles: { service: { deny: [rag:ask] } }\n');
    expect((await ask()).status).toBe(403);
    for (const bad of [
      'roles: { nobody: {} }\n',
      'roles: {\n',
      'roles:\n  admin:\n    deny: [keys:write]\n',
    ]) {
      await edit(bad);
      expect(news().at(-1)).toMatchObject({
        event: 'policy_refused',
        notes: { reason: expect.stringMatching(/line \d/) },
      });
      expect((await ask()).status).toBe(403);
    }
  });

  it('stops the start when it is bad from the beginning, and says where', async () => {
    const bad = join(folder.path, 'bad.yaml');
    await writeFile(bad, 'roles:\n  auditor:\n    allow: [keys:wirte]\n');
    await expect(bootGateway(databases[0]!, { env: { POLICY_FILE: bad } })).rejects.toThrow(
      'POLICY_FILE, line 3: there is no permission keys:wirte',
    );
    await expect(
      bootGateway(databases[0]!, { env: { POLICY_FILE: join(folder.path, 'none.yaml') } }),
    ).rejects.toThrow("POLICY_FILE can't be read (ENOENT)");
  });
});

async function until(isDone: () => boolean): Promise<void> {
  const limit = Date.now() + LIMIT_MS;
  while (!isDone()) {
    if (Date.now() > limit) throw new Error('It did not happen in time');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
