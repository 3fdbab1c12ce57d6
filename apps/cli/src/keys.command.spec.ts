import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { ApiKeyView, IssuedKeyView } from '#identity';
import { databases, type TestDatabase } from '#testing';
import { registerKeys } from './keys.command.ts';
import { runCommand } from './testing/run-command.ts';

const SETUP_TIMEOUT_MS = 600_000;
const KEY = /^gk_[0-9A-Za-z]{39}$/;

const gatehouse = (...args: string[]) => runCommand(registerKeys, 'keys', ...args);

const parsed = async <T>(...args: string[]): Promise<T> => {
  const { code, stdout, stderr } = await gatehouse(...args, '--json');
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout) as T;
};

describe('gatehouse keys', () => {
  let created: TestDatabase;
  beforeAll(async () => {
    created = await databases.find(({ name }) => name === 'PostgreSQL')!.create();
  }, SETUP_TIMEOUT_MS);
  afterAll(async () => created.remove());
  beforeEach(() => {
    for (const [name, value] of Object.entries(created.env)) vi.stubEnv(name, value);
  });
  afterEach(() => void vi.unstubAllEnvs());

  it('prints JSON for scripts', async () => {
    const agent = await parsed<IssuedKeyView>(
      'create',
      'agent',
      '--role',
      'service',
      '--tier',
      'pro',
      '--local',
    );
    const next = await parsed<IssuedKeyView>('rotate', agent.id, '--overlap-hours', '2', '--local');
    expect([agent.key, next.key]).toEqual([expect.stringMatching(KEY), expect.stringMatching(KEY)]);
    expect(await parsed<ApiKeyView>('revoke', next.id, '--local')).toMatchObject({
      id: next.id,
      state: 'revoked',
    });
    const all = await parsed<ApiKeyView[]>('list', '--local');
    expect(all.map(({ id, state }) => [id, state])).toEqual([
      [next.id, 'revoked'],
      [agent.id, 'superseded'],
    ]);
    const admin = await parsed<IssuedKeyView>('reset', '--local', '--yes');
    expect(admin).toMatchObject({
      role: 'admin',
      tier: 'enterprise',
      key: expect.stringMatching(KEY) as string,
    });
  });

  it('prints for people, too', async () => {
    const made = await gatehouse('create', 'reader', '--role', 'auditor', '--local');
    expect(made.stdout).toMatch(
      /^gk_\w{39}\n\nreader: role auditor, no tier, until \d{4}-.*\nThe key is shown this once/,
    );
    const { stdout } = await gatehouse('list', '--local');
    expect(stdout).toMatch(/^ID +NAME +ROLE +TIER +STATE +EXPIRES +LAST USED\n/);
    expect(stdout).toMatch(/ reader +auditor +- +active +\d{4}-\d\d-\d\d \d\d:\d\d:\d\d +-\n/);
  });

  it('checks with --local what the gateway would check', async () => {
    const { code, stderr } = await gatehouse('create', ' spaced ', '--role', 'service', '--local');
    expect(code).toBe(1);
    expect(stderr).toContain('/name');
    expect((await gatehouse('revoke', 'not-an-id', '--local')).stderr).toContain('/id');
    const missing = await gatehouse('revoke', '00000000-0000-4000-8000-000000000000', '--local');
    expect(missing).toMatchObject({ code: 1, stderr: 'There is no such key\n' });
  });

  it.each([
    [['create', 'x'], "required option '--role <role>'"],
    [['create', 'x', '--role', 'god'], 'employee, admin, auditor, service'],
    [['create', 'x', '--role', 'admin', '--tier', 'gold'], 'free, basic, pro, enterprise'],
    [
      ['create', 'x', '--role', 'admin', '--expires-in-days', '1.5'],
      'It must be a whole number from 1 to 3650',
    ],
    [['rotate'], "missing required argument 'id'"],
    [['list', '--local', '--url', 'http://127.0.0.1:1'], '--local asks no gateway'],
    [['list', '--url', '127.0.0.1:1'], '--url must be a URL'],
    [['reset', '--yes'], "required option '--local'"],
    [['reset', '--local'], 'No key was revoked: say --yes, for it can not be taken back'],
  ])('refuses the command line %j', async (args, why) => {
    const { code, stdout, stderr } = await gatehouse(...args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(why);
  });
});
