import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { databases, type TestDatabase } from '#testing';
import { LocalKeys, resetLocalKeys } from './local-keys.ts';

/** Opening the embedded database takes seconds; the first suite may have to wait for a server to be installed. */
const TIMEOUT_MS = 120_000;
const SETUP_TIMEOUT_MS = 600_000;

const KEY = /^gk_[0-9A-Za-z]{39}$/;

describe.each(databases)('LocalKeys on $name', { timeout: TIMEOUT_MS }, (kind) => {
  let created: TestDatabase;
  beforeAll(async () => {
    created = await kind.create();
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => created.remove());
  beforeEach(() => {
    for (const [name, value] of Object.entries(created.env)) vi.stubEnv(name, value);
  });
  afterEach(() => void vi.unstubAllEnvs());

  /** What was done, as the audit trail's files in LOG_DIR say. */
  async function records(): Promise<Record<string, unknown>[]> {
    const lines = (await readFile(join(created.env['DATA_DIR']!, 'logs', 'audit.log'), 'utf8'))
      .trim()
      .split('\n');
    const all = lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    return all.filter((record) => 'operation' in record);
  }

  it('does without a gateway what it would do, and leaves a record of each', async () => {
    const all = await LocalKeys.during(async (keys) => {
      const agent = await keys.create({ name: 'agent', role: 'service', tier: 'pro' });
      expect(agent).toMatchObject({ name: 'agent', role: 'service', tier: 'pro', state: 'active' });
      expect(agent.created_by).toMatch(/^local:/);
      expect(agent.key).toMatch(KEY);
      const next = await keys.rotate({ id: agent.id, overlap_hours: 2 });
      expect(next).toMatchObject({ name: 'agent', rotated_from: agent.id, principal_id: agent.principal_id });
      await keys.revoke({ id: next.id });
      await expect(keys.rotate({ id: next.id })).rejects.toMatchObject({ code: 'CONFLICT' });
      await expect(keys.create({ name: ' x', role: 'admin' })).rejects.toMatchObject({
        code: 'INVALID_INPUT',
      });
      return keys.list({});
    });
    expect(all.keys.map(({ state }) => state)).toEqual(['revoked', 'superseded']);
    const done = await records();
    expect(done.map(({ event, result, door }) => [event, result, door])).toEqual([
      ['api_key_created', 'allowed', 'cli'],
      ['api_key_rotated', 'allowed', 'cli'],
      ['api_key_revoked', 'allowed', 'cli'],
      ['conflict', 'refused', 'cli'],
      ['invalid_input', 'refused', 'cli'],
      ['call', 'allowed', 'cli'],
    ]);
    expect(JSON.stringify([all, done])).not.toMatch(/gk_|digest/);
  });

  it('revokes all when the pepper is lost, and begins anew', async () => {
    vi.stubEnv('API_KEY_PEPPER', 'quite-another-pepper-of-32-characters');
    expect(await resetLocalKeys()).toBe(1);
    const { keys } = await LocalKeys.during(async (admin) => {
      await admin.create({ name: 'agent', role: 'admin' });
      return admin.list({});
    });
    expect(keys.map(({ state }) => state)).toEqual(['active', 'revoked', 'revoked']);
    expect((await records()).map(({ event }) => event)).toContain('api_keys_reset');
  });
});
