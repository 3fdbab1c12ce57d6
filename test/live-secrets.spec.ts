import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { SecretListView } from '#rotation';
import { databases, scratchFolder, type ScratchFolder } from '#testing';
import { journalEntries } from './support/audit-records.ts';
import { ADMIN_KEY, bootGateway, type TestGateway } from './support/gateway.ts';
import { gatehouse } from './support/run.ts';
import { TcpClient, WebSocketClient } from './support/socket-client.ts';

const random = () => randomBytes(32).toString('base64');
const signingKey = () =>
  generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const conversation = { conversation_id: 'c-1', messages: [{ author_name: 'Bo', text: 'A parcel' }] };

interface Status {
  key: string;
  in_force: boolean;
  pending: number;
}

/** A gateway whose secrets stand in files, which change while it runs. */
describe('secrets that change in their files', () => {
  let folder: ScratchFolder;
  let booted: TestGateway;
  const values: Record<string, string> = {
    ENCRYPTION_KEY: random(),
    ENCRYPTION_PREVIOUS_KEYS: random(),
    WS_AUTH_TOKEN: random(),
    TCP_AUTH_TOKEN: random(),
    AUDIT_SIGNING_KEY: signingKey(),
    API_KEY_PEPPER: random(),
    API_KEY_PREVIOUS_PEPPER: random(),
  };
  const fileOf = (name: string) => join(folder.path, name);
  const write = (name: string, value: string): void => {
    writeFileSync(`${fileOf(name)}.new`, value, { mode: 0o600 });
    renameSync(`${fileOf(name)}.new`, fileOf(name));
  };

  beforeAll(async () => {
    folder = await scratchFolder();
    for (const [name, value] of Object.entries(values)) write(name, value);
    const files = Object.keys(values).map((name) => [`${name}_FILE`, fileOf(name)]);
    booted = await bootGateway(databases[0]!, {
      env: { ENCRYPT_AT_REST: 'true', ...Object.fromEntries(files) },
    });
  }, 600_000);
  afterAll(async () => {
    await booted.close();
    await folder.remove();
  });

  it.each([
    ['API_KEY_PEPPER', 'API_KEY_PREVIOUS_PEPPER must be the one before'],
    ['ENCRYPTION_KEY', 'ENCRYPTION_PREVIOUS_KEYS must hold the one before, key '],
  ])('%s is not used while the one before is not named, and everybody says so', async (name, reason) => {
    const { client, managementClient, gateway, dataDir } = booted;
    const sight = async () => {
      const { body } = await client.rest('/admin/secrets');
      return (body as SecretListView).secrets.find((one) => one.name === name);
    };
    const changes = async (result: string) => {
      const { body } = await managementClient.rest('/metrics', { key: '' });
      const line = new RegExp(
        `^gatehouse_secret_changes_total\\{name="${name}",result="${result}"\\} (.*)$`,
        'm',
      );
      return Number(line.exec(body as string)?.[1]);
    };
    const events = () =>
      journalEntries(dataDir)
        .filter(({ target }) => target === name)
        .map(({ event }) => event);
    const key = await booted.createKey();
    const used = await changes('used');
    write(name, random());
    await expect.poll(async () => (await sight())?.refused).toContain(reason);
    expect((await client.rest('/conversations', { key })).status).toBe(200);
    expect(await changes('refused')).toBe(1);
    await expect.poll(events).toEqual(['secret_refused']);
    const { body: health } = await managementClient.rest('/health/details');
    expect(health).toMatchObject({ details: { secrets: { refused: [name] } } });
    const env = { GATEHOUSE_URL: gateway.url, GATEHOUSE_API_KEY: ADMIN_KEY };
    const status = await gatehouse(['secrets', 'status'], { env });
    expect(status).toMatchObject({ code: 1, out: expect.stringContaining(reason) });
    // As it was: said by nobody to have been used.
    write(name, values[name]!);
    await expect.poll(async () => (await sight())?.refused).toBeNull();
    expect(await changes('used')).toBe(used);
    await expect.poll(events).toEqual(['secret_refused']);
    expect((await client.rest('/conversations', { key })).status).toBe(200);
  });

  it('are seals by the new ENCRYPTION_KEY at once, and what the one before has sealed is sealed anew', async () => {
    const { client } = booted;
    const status = async () => (await client.rest('/admin/encryption')).body as Status;
    expect((await client.rest('/conversations/ingest', { body: conversation })).status).toBe(201);
    const before = await status();
    write('ENCRYPTION_PREVIOUS_KEYS', values['ENCRYPTION_KEY']!);
    write('ENCRYPTION_KEY', random());
    await expect.poll(async () => (await status()).key).not.toBe(before.key);
    await expect.poll(status).toMatchObject({ in_force: true, pending: 0 });
    expect((await client.rest('/conversations/c-1')).status).toBe(200);
    const { body } = await client.rest('/admin/secrets');
    expect(body).toMatchObject({
      secrets: expect.arrayContaining([expect.objectContaining({ name: 'ENCRYPTION_KEY', source: 'file' })]),
    });
  });

  it('are signs by the new AUDIT_SIGNING_KEY under load, and a journal that verifies across the border', async () => {
    const { client, dataDir } = booted;
    const verified = async () => {
      const { out } = await gatehouse(['audit', 'verify', '--data-dir', dataDir, '--json']);
      return JSON.parse(out) as { valid: boolean; keys: string[]; chains: { chain: string }[] };
    };
    const before = (await verified()).keys;
    const turned = new AbortController();
    const statuses: number[] = [];
    const calling = Array.from({ length: 4 }, async () => {
      while (!turned.signal.aborted) statuses.push((await client.rest('/conversations')).status);
    });
    for (const chains of [2, 3]) {
      write('AUDIT_SIGNING_KEY', signingKey());
      const checkpoints = join(dataDir, 'audit', 'checkpoints');
      await expect.poll(() => readdirSync(checkpoints).length).toBe(chains);
    }
    turned.abort();
    await Promise.all(calling);
    expect(new Set(statuses)).toEqual(new Set([200]));
    const after = await verified();
    expect(after).toMatchObject({ valid: true, chains: [{}, {}, {}] });
    expect(after.keys).toHaveLength(3);
    expect(after.keys).toEqual(expect.arrayContaining(before));
  });

  it('are doors that open to the new token alone, and close on whoever came in by the one before', async () => {
    const { webSocketPort, tcpPort } = booted.gateway;
    const url = `ws://127.0.0.1:${webSocketPort}/ws`;
    const [webSocket, tcp] = [
      await WebSocketClient.open(url, { key: values['WS_AUTH_TOKEN']! }),
      await TcpClient.open(tcpPort!, values['TCP_AUTH_TOKEN']!),
    ];
    const [nextWebSocket, nextTcp] = [random(), random()];
    write('WS_AUTH_TOKEN', nextWebSocket);
    write('TCP_AUTH_TOKEN', nextTcp);
    expect(await webSocket.over).toMatchObject({ code: 1008 });
    await tcp.over;
    await expect(TcpClient.open(tcpPort!, values['TCP_AUTH_TOKEN']!)).rejects.toThrow(
      'Authentication failed',
    );
    await expect(WebSocketClient.open(url, { key: values['WS_AUTH_TOKEN']! })).rejects.toThrow('401');
    (await WebSocketClient.open(url, { key: nextWebSocket })).drop();
    (await TcpClient.open(tcpPort!, nextTcp)).drop();
  });
});
